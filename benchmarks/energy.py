"""Predicted energy of a frame against published measurements of a PYNQ-Z2.

    python benchmarks/energy.py

The measurements: MLPerf Tiny v0.7, open division, hls4ml-finn on a PYNQ-Z2; power of the whole board from their
Joulescope traces, during inferences and in the windows between them. Their three networks are described here as integer
graphs with random weights of the same shapes and widths, and scheduled by `codesign` for the frame rate that was
measured: it is their arithmetic in our hardware, not their hardware.

What the fabric takes follows from the coefficients of the target alone, none of which was fitted to anything. What the
processor and its memory take while they feed frames, and what the board takes while it waits, cannot be had from a data
sheet: each row is predicted with those two taken from the *other* rows. Writes benchmarks/energy.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from codesign.cost import energy
from codesign.cost.energy import FabricEnergy
from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.requant import Requant
from codesign.schedule import schedule
from codesign.targets import load_target

RESULT = Path(__file__).with_suffix(".json")
TARGET = "pynq-z2"


@dataclass(frozen=True)
class Measured:
    """A published row: power in watts during inferences and between them."""

    network: str
    frames_per_s: float
    active_w: float
    waiting_w: float

    @property
    def incremental_w(self) -> float:
        return self.active_w - self.waiting_w


@dataclass(frozen=True)
class Row:
    """A row predicted with processor and board of the other rows. Errors are relative, of the range's middle."""

    network: str
    macs: int
    lut: int
    dsp: int
    bram36: float
    interval_cycles: int
    fabric_uj: tuple[float, float]
    incremental_uj: tuple[float, float]
    incremental_measured_uj: float
    incremental_error: float
    incremental_within_range: bool
    board_uj: tuple[float, float]
    board_measured_uj: float
    board_error: float


class Chain:
    """A network without branches."""

    def __init__(self, name: str, x: TensorType) -> None:
        self.name, self.rng = name, np.random.default_rng(len(name))
        self.x, self.type, self.nodes, self.last = x, x, [], "image"

    def add(self, op) -> None:
        name = f"{op.kind}{len(self.nodes)}"
        self.nodes.append(Node(name, op, (self.last,)))
        (self.type,) = op.infer(self.type)
        self.last = name

    def weights(self, bits: int, *shape: int):
        """Bell-shaped as trained ones are; +-1 where there is one bit."""
        if bits == 1:
            return self.rng.choice([-1, 1], shape)
        most = (1 << (bits - 1)) - 1
        return np.clip(np.rint(self.rng.normal(0, most / 5, shape)), -most, most).astype(int)

    def conv(self, channels: int, kernel: int, bits: int, *, stride: int = 1, pads=(0, 0, 0, 0), act=(0, 255)) -> None:
        weight = self.weights(bits, channels, self.type.channels, kernel, kernel)
        self.add(Conv(weight, np.zeros(channels), (1.0,), (stride, stride), pads))
        self.requant(*act)

    def linear(self, features: int, bits: int, act: tuple[int, int] | None) -> None:
        size = self.type.channels * self.type.pixels
        self.add(Linear(self.weights(bits, features, size), np.zeros(features), (1.0,)))
        if act:
            self.requant(*act)

    def requant(self, lo: int, hi: int) -> None:
        shift = max(0, self.type.bits - max(2, hi.bit_length()) - 1)
        self.add(Requant(np.array([shift]), lo, hi, self.type.scale[0] * 2.0**shift))

    def graph(self) -> Graph:
        return Graph(self.name, {"image": self.x}, tuple(self.nodes), (self.last,))


def cnv_w1a1() -> Graph:
    """FINN's CNV: six 3x3 convolutions without padding, two poolings, three fully connected layers; binary."""
    net = Chain("CNV-W1A1", TensorType((3, 32, 32), 0, 255))
    for index, channels in enumerate((64, 64, 128, 128, 256, 256)):
        net.conv(channels, 3, 1, act=(-1, 1))
        if index in (1, 3):
            net.add(MaxPool((2, 2), (2, 2), (0, 0, 0, 0)))
    for features in (512, 512):
        net.linear(features, 1, (-1, 1))
    net.linear(10, 1, None)
    return net.graph()


def ad08() -> Graph:
    """Autoencoder 64-72-72-8-72-72-64 (training/ad08.yml): weights of 12 bits, activations of 6."""
    net = Chain("AD08", TensorType((64, 1, 1), -128, 127))
    for features in (72, 72, 8, 72, 72):
        net.linear(features, 12, (0, 63))
    net.linear(64, 12, None)
    return net.graph()


def rn07() -> Graph:
    """Five convolutions without a skip and a fully connected layer (training/RN07.yml), all of 8 bits."""
    net = Chain("RN07", TensorType((3, 32, 32), 0, 255))
    same = (1, 1, 2, 2)  # top, left, bottom, right of a 4x4 kernel
    net.conv(32, 1, 8)
    net.conv(4, 4, 8, pads=same)
    net.conv(32, 4, 8, pads=same)
    net.conv(32, 4, 8, stride=4)
    net.conv(32, 4, 8, pads=same)
    net.linear(10, 8, None)
    return net.graph()


ROWS: tuple[tuple[Measured, Callable[[], Graph]], ...] = (
    (Measured("CNV-W1A1", 661.47, 1.673, 1.517), cnv_w1a1),
    (Measured("AD08", 53365, 1.583, 1.520), ad08),
    (Measured("RN07", 36.60, 1.617, 1.530), rn07),
)


def main() -> None:
    target = load_target(TARGET)
    assert target.energy is not None
    fabric: dict[str, tuple[float, float]] = {}
    plans, graphs = {}, {}
    for row, network in ROWS:
        graph = graphs[row.network] = network()
        plan = plans[row.network] = schedule(graph, target, fps=row.frames_per_s)
        parts = [
            energy.of_block(graph, node, plan.blocks[node.name], plan.interval_cycles, target.energy)
            for node in graph.nodes
        ]
        work = sum(
            [*parts, energy.of_streams(graph, plan.streams, plan.interval_cycles, target.energy)], FabricEnergy()
        ).work
        fabric[row.network] = (work.low_uj, work.high_uj)
    rows = [predict(row, graphs[row.network], plans[row.network], fabric) for row, _ in ROWS]
    for row in rows:
        print(
            f"{row.network:9} incremental {row.incremental_uj[0]:8.3g} to {row.incremental_uj[1]:8.3g} uJ, measured "
            f"{row.incremental_measured_uj:8.3g}: {row.incremental_error:+.0%}"
            f"{'' if row.incremental_within_range else ', outside the range'}; board {sum(row.board_uj) / 2:8.4g} uJ, "
            f"measured {row.board_measured_uj:8.4g}: {row.board_error:+.1%}"
        )
    everything = processor_w([row for row, _ in ROWS], fabric)
    print(f"processor, from all rows: {everything[0]:.3f} to {everything[1]:.3f} W")
    text = {"target": TARGET, "rows": [asdict(row) for row in rows], "processor_w_of_all_rows": everything}
    RESULT.write_text(json.dumps(text, indent=1) + "\n")


def predict(row: Measured, graph: Graph, plan, fabric: dict[str, tuple[float, float]]) -> Row:
    """The row from its fabric and from the processor and board of the others."""
    others = [other for other, _ in ROWS if other is not row]
    assert row not in others
    low, high = (
        of_fabric + watts / row.frames_per_s * 1e6
        for of_fabric, watts in zip(fabric[row.network], processor_w(others, fabric), strict=True)
    )
    waiting = sum(other.waiting_w for other in others) / len(others) / row.frames_per_s * 1e6
    incremental, board = row.incremental_w / row.frames_per_s * 1e6, row.active_w / row.frames_per_s * 1e6
    return Row(
        network=row.network,
        macs=graph.macs,
        lut=plan.used.lut,
        dsp=plan.used.dsp,
        bram36=plan.used.bram36,
        interval_cycles=plan.interval_cycles,
        fabric_uj=fabric[row.network],
        incremental_uj=(low, high),
        incremental_measured_uj=incremental,
        incremental_error=(low + high) / 2 / incremental - 1,
        incremental_within_range=low <= incremental <= high,
        board_uj=(waiting + low, waiting + high),
        board_measured_uj=board,
        board_error=(waiting + (low + high) / 2) / board - 1,
    )


def processor_w(rows: list[Measured], fabric: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """Least and most that feeding frames takes: what `rows` measured, less their fabric's range."""
    least = min(row.incremental_w - fabric[row.network][1] * row.frames_per_s / 1e6 for row in rows)
    most = max(row.incremental_w - fabric[row.network][0] * row.frames_per_s / 1e6 for row in rows)
    return max(0.0, least), most


if __name__ == "__main__":
    main()
