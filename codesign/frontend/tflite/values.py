"""What a tensor of a TFLite file stands for while the file is read."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.frontend.tflite.rescaling import Code
from codesign.graph.windows import Pads


@dataclass(frozen=True)
class Fed:
    """The network's input, that nobody has used yet. shape: of the file, or what a reshape makes of it."""

    index: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Codes:
    """Integers: `tensor` of the integer graph, (C, H, W), whose q are codes less `code.zero`.

    shape: in the file, (1, H, W, C) or what is left of it without sides of 1, or (1, H * W * C), always in the order of
    (H, W, C). real: whether the file has their real values here.
    """

    tensor: str
    code: Code
    shape: tuple[int, ...]
    real: bool = False


@dataclass(frozen=True)
class Padded:
    """A map with a border of real zeros, for the convolution behind it."""

    x: Codes
    pads: Pads


@dataclass(frozen=True)
class Hosted:
    """Real values that the host computes: `name` in the tail. reason: why nothing behind it becomes hardware."""

    name: str
    reason: GraphError


Value = Fed | Codes | Padded | Hosted
