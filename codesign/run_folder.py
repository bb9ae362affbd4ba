"""Run folders as those find and read them who have no PyTorch; what training writes and loads is `training/run.py`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from codesign.errors import CheckpointError
from codesign.files import write_bytes
from codesign.reading import MIB, read_bytes
from codesign.resources import models_dir

RECIPE = "recipe.yaml"
WEIGHTS = "weights.safetensors"
RESULT = "result.json"
NETWORK = "model.qonnx.onnx"
"""The network of the weights as QONNX, which is all that an export needs."""

MADE_OF = "codesign.run"
"""Key of the QONNX file's metadata whose value is the digest of the recipe and the weights that it was made of."""

NETWORK_BYTES = 1024 * MIB


def find_run(path_or_name: str | Path) -> Path:
    """A run folder, or the one that ships under that name. Raises CheckpointError if there is no such run."""
    path = Path(path_or_name)
    shipped = models_dir() / path.name
    for folder in (path, shipped) if len(path.parts) == 1 else (path,):
        if (folder / RECIPE).is_file():
            return folder
    raise CheckpointError("no such run folder", where=str(path), remedy="train one with `codesign train`")


def keep_network(run: Path, network: onnx.ModelProto) -> None:
    """Writes the QONNX file of the run's weights into the run."""
    kept = onnx.ModelProto()
    kept.CopyFrom(network)
    kept.metadata_props.add(key=MADE_OF, value=_digest(run))
    write_bytes(run / NETWORK, kept.SerializeToString())


def kept_network(run: Path) -> onnx.ModelProto | None:
    """The QONNX file that was made of the run's recipe and weights as they are now; None if there is none."""
    try:
        network = onnx.load_model_from_string(read_bytes(run / NETWORK, CheckpointError, limit=NETWORK_BYTES))
    except (FileNotFoundError, DecodeError):
        return None
    made_of = [entry for entry in network.metadata_props if entry.key == MADE_OF]
    if [entry.value for entry in made_of] != [_digest(run)]:
        return None
    del network.metadata_props[:]
    return network


def _digest(run: Path) -> str:
    sha = hashlib.sha256()
    for name in (RECIPE, WEIGHTS):
        sha.update(hashlib.sha256(read_bytes(run / name, CheckpointError, limit=NETWORK_BYTES)).digest())
    return sha.hexdigest()
