"""Predicted energy of a frame against published measurements of a PYNQ-Z2.

    python -m benchmarks.cost.energy

The measurements: MLPerf Tiny v0.7, open division, hls4ml-finn on a PYNQ-Z2; power of the whole board from their
Joulescope traces, during inferences and in the windows between them. Their networks are described here as integer
graphs with random weights of the same shapes and widths, and scheduled by `codesign` for the frame rate that was
measured: it is their arithmetic in our hardware, not their hardware.

What the fabric takes follows from the coefficients of the target alone, none of which was fitted to anything. All else
that work adds to a waiting board, processor, memory and the difference between their fabric and ours, cannot be had
from a data sheet: it is the range `processor_w`. Rows of CALIBRATION make it: their measured power less the middle of
what our fabric takes is known to a factor, so its logarithm is taken for normal, and the range is the interval in which
one more row lies with a probability of CONFIDENCE by Student's distribution. HELD_OUT says which rows judge it: those
whose waiting power was not read from the traces, so that they could not calibrate it either. The error of a calibration
row's centre is that of a prediction by the others alone. Whether the fabric should be scaled by a factor is asked by a
straight line through the calibration rows. Writes benchmarks/results/energy.json.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from benchmarks.record import SCHEDULER, save
from codesign.cost import energy
from codesign.cost.energy import FabricEnergy
from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.requant import Requant
from codesign.schedule import schedule
from codesign.targets import load_target

SOURCES = ("benchmarks/cost/energy.py", "codesign/targets/pynq-z2.yaml", *SCHEDULER)
TARGET = "pynq-z2"

CALIBRATION = ("CNV-W1A1", "AD08", "RN07")
HELD_OUT = ("KWS-W3A3",)

CONFIDENCE = 0.9


@dataclass(frozen=True)
class Measured:
    """A published row: power in watts during inferences and between them; None where that was not read."""

    network: str
    frames_per_s: float
    active_w: float
    waiting_w: float | None = None


@dataclass(frozen=True)
class Scheduled:
    """A published row with what our hardware for it takes; fabric_w: of work, without the clock."""

    measured: Measured
    macs: int
    lut: int
    dsp: int
    bram36: float
    interval_cycles: int
    fabric_w: tuple[float, float]

    def incremental_w(self, waiting_w: float) -> float:
        """What work adds; waiting_w: for a row whose own was not read."""
        own = self.measured.waiting_w
        return self.measured.active_w - (waiting_w if own is None else own)

    @property
    def fabric_middle_w(self) -> float:
        return sum(self.fabric_w) / 2


@dataclass(frozen=True)
class Processor:
    """All that work adds beside the fabric: its interval, its centre (geometric), and the board's waiting power."""

    low_w: float
    centre_w: float
    high_w: float
    waiting_w: float

    @classmethod
    def of(cls, rows: Sequence[Scheduled]) -> Processor:
        """From measured rows."""
        waiting = float(np.mean([row.measured.waiting_w for row in rows]))
        rests = np.log([row.incremental_w(waiting) - row.fabric_middle_w for row in rows])
        spread = stats.t.ppf((1 + CONFIDENCE) / 2, len(rows) - 1) * rests.std(ddof=1) * math.sqrt(1 + 1 / len(rows))
        low, centre, high = (math.exp(rests.mean() + part) for part in (-spread, 0.0, spread))
        return cls(low, centre, high, waiting)


@dataclass(frozen=True)
class Row:
    """A row predicted by the calibration rows. Errors are relative, of the centre by those that it is not."""

    network: str
    held_out: bool
    macs: int
    lut: int
    dsp: int
    bram36: float
    interval_cycles: int
    fabric_uj: tuple[float, float]
    incremental_uj: tuple[float, float]
    incremental_centre_uj: float
    incremental_measured_uj: float
    incremental_error: float
    incremental_within_range: bool
    board_uj: tuple[float, float]
    board_centre_uj: float
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


def kws_w3a3() -> Graph:
    """Perceptron 490-256-256-256-12: weights and activations of 3 bits, features of 8."""
    net = Chain("KWS-W3A3", TensorType((490, 1, 1), -128, 127))
    for features in (256, 256, 256):
        net.linear(features, 3, (0, 7))
    net.linear(12, 3, None)
    return net.graph()


ROWS: tuple[tuple[Measured, Callable[[], Graph]], ...] = (
    (Measured("CNV-W1A1", 661.47, 1.673, 1.517), cnv_w1a1),
    (Measured("AD08", 53365, 1.583, 1.520), ad08),
    (Measured("RN07", 36.60, 1.617, 1.530), rn07),
    (Measured("KWS-W3A3", 57257.372, 1.756), kws_w3a3),
)


def main() -> None:
    rows = {row.network: scheduled(row, network()) for row, network in ROWS}
    calibration = [rows[name] for name in CALIBRATION]
    processor = Processor.of(calibration)
    others = {name: [row for row in calibration if row is not rows[name]] for name in rows}
    judged = [predict(rows[name], processor, Processor.of(others[name])) for name in (*CALIBRATION, *HELD_OUT)]
    for row in judged:
        print(
            f"{row.network:9} incremental {row.incremental_uj[0]:8.3g} to {row.incremental_uj[1]:8.3g} uJ, measured "
            f"{row.incremental_measured_uj:8.3g}: {row.incremental_error:+.0%}"
            f"{'' if row.incremental_within_range else ', outside the range'}; board {row.board_centre_uj:8.4g} uJ, "
            f"measured {row.board_measured_uj:8.4g}: {row.board_error:+.1%}"
        )
    factor = fabric_factor(calibration, processor.waiting_w)
    print(f"processor_w: {processor.low_w:.3f} to {processor.high_w:.3f} W, centre {processor.centre_w:.3f} W")
    print(f"fabric factor: {factor[1]:.2f}, by the calibration rows from {factor[0]:.1f} to {factor[2]:.1f}")
    text = {
        "target": TARGET,
        "calibration": CALIBRATION,
        "held_out": HELD_OUT,
        "confidence": CONFIDENCE,
        "processor_w": asdict(processor),
        "fabric_factor": {"low": factor[0], "value": factor[1], "high": factor[2]},
        "rows": [asdict(row) for row in judged],
    }
    save("energy", text, SOURCES)


def scheduled(row: Measured, graph: Graph) -> Scheduled:
    """The row's network at the rate that was measured."""
    target = load_target(TARGET)
    assert target.energy is not None
    plan = schedule(graph, target, fps=row.frames_per_s)
    parts = [
        energy.of_block(graph, node, plan.blocks[node.name], plan.interval_cycles, target.energy)
        for node in graph.nodes
    ]
    streams = energy.of_streams(graph, plan.streams, plan.interval_cycles, target.energy)
    work = sum([*parts, streams], FabricEnergy()).work
    fabric_w = (work.low_uj * row.frames_per_s / 1e6, work.high_uj * row.frames_per_s / 1e6)
    used = plan.used
    return Scheduled(row, graph.macs, used.lut, used.dsp, used.bram36, plan.interval_cycles, fabric_w)


def predict(row: Scheduled, processor: Processor, by_others: Processor) -> Row:
    """The row from its fabric and from what calibration rows say of all else; its centre from the others."""
    to_uj = 1e6 / row.measured.frames_per_s
    low, high = row.fabric_w[0] + processor.low_w, row.fabric_w[1] + processor.high_w
    centre, measured = row.fabric_middle_w + by_others.centre_w, row.incremental_w(processor.waiting_w)
    waiting, active = by_others.waiting_w, row.measured.active_w
    return Row(
        network=row.measured.network,
        held_out=row.measured.network in HELD_OUT,
        macs=row.macs,
        lut=row.lut,
        dsp=row.dsp,
        bram36=row.bram36,
        interval_cycles=row.interval_cycles,
        fabric_uj=(row.fabric_w[0] * to_uj, row.fabric_w[1] * to_uj),
        incremental_uj=(low * to_uj, high * to_uj),
        incremental_centre_uj=centre * to_uj,
        incremental_measured_uj=measured * to_uj,
        incremental_error=centre / measured - 1,
        incremental_within_range=low <= measured <= high,
        board_uj=((waiting + low) * to_uj, (waiting + high) * to_uj),
        board_centre_uj=(waiting + centre) * to_uj,
        board_measured_uj=active * to_uj,
        board_error=(waiting + centre) / active - 1,
    )


def fabric_factor(rows: Sequence[Scheduled], waiting_w: float) -> tuple[float, float, float]:
    """Low end, value and high end of what the fabric's power would be scaled by, were it a straight line."""
    line = stats.linregress([row.fabric_middle_w for row in rows], [row.incremental_w(waiting_w) for row in rows])
    spread = stats.t.ppf((1 + CONFIDENCE) / 2, len(rows) - 2) * line.stderr
    return float(line.slope - spread), float(line.slope), float(line.slope + spread)


if __name__ == "__main__":
    main()
