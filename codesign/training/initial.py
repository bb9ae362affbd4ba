"""Weights to begin with: of another run, or of a file, whatever of them fits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from codesign.errors import CheckpointError
from codesign.nn.network import Network
from codesign.reading import check_plain
from codesign.training.checkpoint import UNREADABLE
from codesign.training.run import FLOAT_CHECKPOINT, INITIAL, WEIGHTS, find_run, read_weights, save_tensors

PREFIXES = ("network.", "module.", "model.")
"""What training programs put before a network's own names."""
CONTAINERS = ("state_dict", "model", "weights")
"""Keys under which checkpoints hold tensors."""


@dataclass(frozen=True)
class Begun:
    """What a network took from a file: names of its tensors, and of those that stay as they were, with the reason."""

    source: Path
    taken: tuple[str, ...]
    left: tuple[str, ...]

    def __str__(self) -> str:
        text = f"{len(self.taken)} of {len(self.taken) + len(self.left)} tensors from {self.source}"
        return text + (f"; new: {_shortened(self.left)}" if self.left else "")


def begin_with(network: Network, source: str | Path, folder: Path) -> Begun:
    """Gives the network every tensor of `source` that has its name and shape, and keeps those in `folder`.

    source: a run folder, of whose networks that in floating point is taken if it is there; the name of a shipped run;
    or a file of safetensors or of PyTorch. Raises CheckpointError if it cannot be read, or if no tensor fits.
    """
    file, state = _read(source)
    own = network.state_dict()
    fits = {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}
    weights = [name for name in fits if own[name].is_floating_point()]
    if not weights:
        raise CheckpointError(
            "none of its tensors has the name and the shape of one of the network's",
            where=str(file),
            remedy="give weights of a network of the same kind",
        )
    sound = {name: torch.isfinite for name, _ in network.named_parameters()}  # quantizers keep infinities as buffers
    broken = next((name for name in weights if not bool(sound.get(name, _is_number)(fits[name]).all())), None)
    if broken is not None:
        raise CheckpointError(f"{broken} holds what is no number", where=str(file), remedy="give other weights")
    network.load_state_dict(fits, strict=False)
    save_tensors(fits, folder / INITIAL)
    left = [f"{name} {_reason(state.get(name))}" for name, _ in network.named_parameters() if name not in fits]
    taken = tuple(name for name, _ in network.named_parameters() if name in fits)
    return Begun(file, taken, tuple(left))


def begin_again(network: Network, folder: Path) -> None:
    """The same as the run in `folder` began with, if it did so with any."""
    if (folder / INITIAL).is_file():
        network.load_state_dict(read_weights(folder / INITIAL), strict=False)


def _read(source: str | Path) -> tuple[Path, dict[str, Tensor]]:
    path = Path(source)
    if not path.is_file():
        run = find_run(path)
        path = next((file for file in (run / FLOAT_CHECKPOINT, run / WEIGHTS) if file.is_file()), run / WEIGHTS)
    return path, {_own_name(name): tensor for name, tensor in _tensors(path).items()}


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        check_plain(path.stat(), path, CheckpointError)
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (*UNREADABLE, SafetensorError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CheckpointError(
            f"holds no weights that can be read ({reason})",
            where=str(path),
            remedy="give a run folder, or a file of safetensors or of PyTorch's `state_dict`",
        ) from error
    while isinstance(content, dict) and (key := next((key for key in CONTAINERS if key in content), None)):
        content = content[key]
    if not isinstance(content, dict):
        raise CheckpointError("holds no weights by name", where=str(path), remedy="save a `state_dict`")
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _own_name(name: str) -> str:
    while (prefix := next((prefix for prefix in PREFIXES if name.startswith(prefix)), None)) is not None:
        name = name.removeprefix(prefix)
    return name


def _is_number(values: Tensor) -> Tensor:
    return ~torch.isnan(values)


def _reason(found: Tensor | None) -> str:
    return "(not there)" if found is None else f"(there {'x'.join(map(str, found.shape))})"


def _shortened(names: tuple[str, ...], most: int = 6) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
