"""`codesign export --suggest`: a file that is refused, rewritten so that it is read, and what that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from PIL import Image

from codesign.data.pictures import picture_files, read_picture
from codesign.errors import GraphError
from codesign.files import write_bytes
from codesign.frontend.calibration import Calibration, frame_shape, random_frames
from codesign.frontend.inputs import declared, network_inputs, with_types
from codesign.frontend.load import read_file
from codesign.frontend.suggest import Change, Difference
from codesign.frontend.suggest import suggest as rewritten
from codesign.frontend.tflite.parse import is_tflite
from codesign.progress import Progress, silent

FRAMES = 8
"""So many inputs are random, or of those given at most four times as many, are run."""


@dataclass(frozen=True)
class Suggestion:
    """What became of a file. path: of the one that is read, None if the given one is; measured_on: the inputs."""

    path: Path | None
    changes: tuple[Change, ...]
    differences: tuple[Difference, ...]
    measured_on: str


def suggest(
    source: str | Path,
    *,
    output: str | Path | None = None,
    images: str | Path | None = None,
    inputs: Sequence[str] = (),
    progress: Progress = silent,
) -> Suggestion:
    """Writes a rewritten ONNX file that is read: `NAME.suggested.onnx` beside `source`, or `output`.

    images: a folder of pictures, or an .npy file of inputs as the network takes them, (N, ...), for the scales of new
    quantizers and for the measured differences; else random inputs. inputs: as of `export`. Nothing is overwritten.
    Raises GraphError where no rewrite is known, DataError for pictures that cannot be read.
    """
    path = Path(source)
    if not path.is_file() or is_tflite(path):
        raise GraphError("is no ONNX file, which alone is rewritten", where=str(path), remedy="leave --suggest out")
    place = Path(output) if output is not None else path.with_name(f"{path.stem}.suggested.onnx")
    if place.exists():
        raise GraphError("exists already", where=str(place), remedy="name another file with --output, or remove it")
    progress("suggest", 0, 1)
    model = read_file(path)
    model = with_types(model, inputs) if inputs else model
    calibration = _calibration(model, Path(images) if images is not None else None)
    found = rewritten(model, calibration)
    if found.changes:
        write_bytes(place, found.model.SerializeToString())
    progress("suggest", 1, 1)
    return Suggestion(place if found.changes else None, found.changes, found.differences, calibration.says)


def _calibration(model: onnx.ModelProto, images: Path | None) -> Calibration:
    values = network_inputs(model.graph)
    if len(values) != 1:
        raise GraphError(f"has {len(values)} inputs", remedy="a network with one input is supported")
    if images is None:
        return random_frames(model, FRAMES)
    (value,) = values
    shape, dtype = frame_shape(value), helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    if images.suffix == ".npy":
        frames = [frame.astype(dtype).reshape(shape) for frame in _stored(images, shape)]
        return Calibration(tuple(frames), f"{len(frames)} inputs of {images.name}")
    kind = declared(model).get(value.name)
    divisor = 1 if kind is not None else 255
    lo, hi, scale = (kind.lo, kind.hi, kind.scale) if kind is not None else (0, 255, 1.0)
    files = picture_files(images)[: 4 * FRAMES]
    frames = [(np.clip(_picture(read_picture(file), shape), lo, hi) * scale / divisor).astype(dtype) for file in files]
    unit = "as the input's integers" if kind is not None else "their bytes / 255"
    return Calibration(tuple(frames), f"{len(frames)} pictures of {images.name}, {unit}")


def _stored(path: Path, shape: tuple[int, ...]) -> list[NDArray[Any]]:
    """Raises GraphError unless the file holds inputs of the network."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise GraphError(f"cannot be read ({error})", where=str(path), remedy="save it with numpy.save") from None
    if not len(np.shape(array)) or not len(array) or array[0].size != np.prod(shape):
        raise GraphError(
            f"holds the shape {np.shape(array)}, not inputs of {shape}", where=str(path), remedy="save (N, ...) inputs"
        )
    return list(array[: 4 * FRAMES])


def _picture(image: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """(3, H, W) bytes as a batch of one picture of the shape: grey where that has one channel."""
    if len(shape) != 4 or shape[1] not in (1, 3):
        raise GraphError(
            f"takes inputs of {shape}, which are no pictures", where="--images", remedy="give an .npy file of inputs"
        )
    picture = Image.fromarray(image.transpose(1, 2, 0)).resize((shape[3], shape[2]))
    array = np.asarray(picture.convert("L" if shape[1] == 1 else "RGB"))
    return (array[None] if shape[1] == 1 else array.transpose(2, 0, 1))[None].astype(np.float64)
