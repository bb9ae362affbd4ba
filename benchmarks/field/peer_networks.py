"""Integer graphs of the networks that other tools have published figures of.

Files where their authors published them, Brevitas' examples, and, layer by layer with random weights, those of which
only the description is at hand.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from math import prod
from pathlib import Path

import numpy as np
import onnx

from benchmarks.field.networks import bnn_pynq, imported
from codesign.api.tune import untrained_graph
from codesign.graph import Graph, Node, TensorType
from codesign.graph.op import Op
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.requant import Requant
from codesign.recipe import load_recipe

BNN_PYNQ = "https://github.com/Xilinx/brevitas/tree/master/src/brevitas_examples/bnn_pynq"
PICTURE = "uint8/255"
"""What is said of an input of which a file says nothing."""


@dataclass(frozen=True)
class Source:
    """Where a network comes from. weights: whose they are; link: to its file, or to its description. make: its graph,
    from files in folders; None where there is no such file."""

    weights: str
    link: str
    make: Callable[[Sequence[Path]], Graph | None]


def of_file(name: str, link: str, *, flat: bool = False) -> Source:
    """A published file, as it is called here. flat: its input is one vector, as its authors' own accelerator has it."""

    def make(folders: Sequence[Path]) -> Graph | None:
        found = next((folder / name for folder in folders if (folder / name).is_file()), None)
        return _read(found, flat) if found else None

    return Source("trained", link, make)


def of_brevitas(name: str, *, flat: bool = False) -> Source:
    """An example network of Brevitas; flat: as in `of_file`."""

    def make(_: Sequence[Path]) -> Graph:
        with tempfile.TemporaryDirectory(prefix="peers_") as scratch:
            return _read(bnn_pynq(name)(Path(scratch)), flat)

    return Source("random", BNN_PYNQ, make)


def _read(file: Path, flat: bool) -> Graph:
    if not flat:
        return imported(file, PICTURE)[1].graph
    model = onnx.load(file)
    shape = model.graph.input[0].type.tensor_type.shape
    size = prod(extent.dim_value for extent in shape.dim)
    del shape.dim[:], model.graph.value_info[:]
    for extent in (1, size):
        shape.dim.add().dim_value = extent
    with tempfile.TemporaryDirectory(prefix="peers_") as scratch:
        onnx.save(model, Path(scratch) / file.name)
        return imported(Path(scratch) / file.name, PICTURE)[1].graph


def of_layers(made: Callable[[], Graph], link: str) -> Source:
    """A network whose description is at hand, not its weights."""
    return Source("random", link, lambda _: made())


class _Chain:
    """Layers one behind the other, with random weights that use their whole width, and biases as large as a weight."""

    def __init__(self, name: str, source: str, kind: TensorType) -> None:
        self.name, self.source, self.kind = name, source, kind
        self.nodes: list[Node] = []
        self.rng = np.random.default_rng(1)

    def add(self, name: str, op: Op) -> None:
        last = self.nodes[-1].name if self.nodes else self.source
        self.nodes.append(Node(name, op, (last,)))

    def weights(self, bits: int, *shape: int) -> np.ndarray:
        return self.rng.integers(1 - 2 ** (bits - 1), 2 ** (bits - 1), shape)

    def quantize(self, shift: int, bits: int) -> None:
        """Unsigned activations of so many bits, behind a layer whose weights' scale is 2^-shift."""
        self.add(f"{self.nodes[-1].name}.quant", Requant(np.array([shift]), 0, 2**bits - 1, 1.0))

    def graph(self) -> Graph:
        return Graph(self.name, {self.source: self.kind}, tuple(self.nodes), (self.nodes[-1].name,))


@cache
def ultranet() -> Graph:
    """The detector of DAC-SDC's contests as its published layers have it: 4-bit weights and activations, 160x320."""
    chain = _Chain("ultranet", "image", TensorType((3, 160, 320), 0, 255))
    channels = 3

    def conv(name: str, outputs: int, kernel: int, shift: int) -> None:
        weight, bias = chain.weights(4, outputs, channels, kernel, kernel), chain.rng.integers(-200, 200, outputs)
        chain.add(name, Conv(weight, bias, (2.0**-shift,), pads=(kernel // 2,) * 4))

    for layer, outputs in enumerate((16, 32, 64, 64, 64, 64, 64, 64)):
        shift = 6 if layer else 9
        conv(f"layer{layer}", outputs, 3, shift)
        chain.quantize(shift, 4)
        channels = outputs
        if layer < 4:
            chain.add(f"pool{layer}", MaxPool((2, 2), (2, 2), (0, 0, 0, 0)))
    conv("head", 36, 1, 6)
    return chain.graph()


@cache
def rn07() -> Graph:
    """hls4ml's ResNet of MLPerf Tiny without its shortcuts, as it was submitted: 8-bit weights and activations."""
    chain, channels = _Chain("rn07", "image", TensorType((3, 32, 32), 0, 255)), 3
    for layer, (outputs, kernel, stride) in enumerate(((32, 1, 1), (4, 4, 1), (32, 4, 1), (32, 4, 4), (32, 4, 1))):
        weight, bias = chain.weights(8, outputs, channels, kernel, kernel), chain.weights(8, outputs)
        ends = (0, 0) if stride == kernel else ((kernel - 1) // 2, kernel // 2)
        pads = (ends[0], ends[0], ends[1], ends[1])
        chain.add(f"conv{layer}", Conv(weight, bias, (2.0**-11,), (stride, stride), pads))
        chain.quantize(11, 8)
        channels = outputs
    chain.add("dense", Linear(chain.weights(8, 10, channels * 8 * 8), chain.weights(8, 10), (2.0**-11,)))
    return chain.graph()


def perceptron(
    name: str,
    sizes: Iterable[int],
    weight_bits: int,
    activation_bits: int,
    kind: tuple[int, int],
    shifts: Sequence[int],
) -> Graph:
    """Fully connected layers. kind: least and greatest input. shifts: by which each layer's sums are scaled."""
    widths = tuple(sizes)
    chain = _Chain(name, "features", TensorType((widths[0], 1, 1), *kind))
    for layer, ((inputs, outputs), shift) in enumerate(zip(pairwise(widths), shifts, strict=True)):
        weight, bias = chain.weights(weight_bits, outputs, inputs), chain.weights(weight_bits, outputs)
        chain.add(f"dense{layer}", Linear(weight, bias, (2.0**-shift,)))
        if layer < len(widths) - 2:
            chain.quantize(shift, activation_bits)
    return chain.graph()


JET_TAGGER = partial(perceptron, "jet-tagger", (16, 64, 32, 32, 5), 6, 6, (-(2**15), 2**15 - 1), (15, 8, 8, 8))
AD08 = partial(perceptron, "ad08", (64, 72, 72, 8, 72, 72, 64), 12, 6, (0, 255), (14, 12, 12, 12, 12, 12))


def mobilenet() -> Graph:
    """MobileNet-V1 for 224x224 with 4-bit weights and activations, the first layer's weights of 8 bits."""
    return untrained_graph(load_recipe("mobilenet", ["quantization.activation_bits=4"]))
