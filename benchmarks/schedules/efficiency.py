"""How much of what the multipliers could do is useful, by network and by block.

    python -m benchmarks.schedules.efficiency [--target pynq-z2] [--fps N] [RECIPE | GRAPH.npz ...]

By default codenet-a to -e.

What the efficiency gap and the waterline are says codesign/reporting/efficiency.py.
Writes benchmarks/results/efficiency.json, docs/efficiency_gap.svg and docs/waterline.svg.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import NullFormatter

from benchmarks.record import ROOT, SCHEDULER, save
from codesign.api.tune import untrained_graph
from codesign.cost.energy import frame_bytes
from codesign.design import Design, design_of
from codesign.errors import ScheduleError
from codesign.graph import Graph, load
from codesign.recipe import load_recipe
from codesign.reporting.efficiency import bytes_alone, limit_cycles, useful_share
from codesign.schedule import schedule
from codesign.targets import Target, load_target

DOCS = ROOT / "docs"
SOURCES = ("benchmarks/schedules/efficiency.py", "models/*.yaml", "codesign/targets/pynq-z2.yaml", *SCHEDULER)
NETWORKS = ("codenet-a", "codenet-b", "codenet-c", "codenet-d", "codenet-e")
ORDER = "model.decoder.order=pointwise_first"
plt.rcParams["svg.hashsalt"] = "codesign"


@dataclass(frozen=True)
class BlockWork:
    """macs: multiplications a frame. limit_cycles: with all its multipliers always busy. cycles: its own interval.
    efficiency: share of its multipliers' cycles, at the network's interval, that do useful work. bytes_alone: what it
    would move through external memory by itself: input, output and weights."""

    block: str
    macs: int
    multipliers: int
    limit_cycles: int
    cycles: int
    efficiency: float
    bytes_alone: int


@dataclass(frozen=True)
class NetworkWork:
    """A network on a target. limit_cycles: with all DSPs of the budget always busy; interval_cycles, dsp: as scheduled.
    bytes_built: through external memory a frame as built."""

    network: str
    macs: int
    limit_cycles: int
    interval_cycles: int
    dsp: int
    binds: str
    bytes_built: int
    blocks: tuple[BlockWork, ...]

    @property
    def efficiency(self) -> float:
        return self.limit_cycles / self.interval_cycles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--target", default="pynq-z2")
    parser.add_argument("--fps", type=float, help="frame rate to schedule for; default: the highest")
    options = parser.parse_args()
    target = load_target(options.target)
    works, failures = [], {}
    for source in options.networks:
        try:
            works.append(measure(Path(source).stem, graph_of(source), target, options.fps))
        except ScheduleError as error:
            failures[Path(source).stem] = str(error)
            print(f"{source}: {error}")
            continue
        work = works[-1]
        print(
            f"{work.network}: {work.interval_cycles:,} cycles a frame, limit {work.limit_cycles:,} "
            f"({work.efficiency:.1%}) with {work.dsp} DSPs; {work.binds}"
        )
    results = [{"efficiency": round(work.efficiency, 4), **asdict(work)} for work in works]
    text = {"target": target.name, "networks": results, "do_not_fit": failures}
    save("efficiency", text, SOURCES)
    if works:
        plot_gap(works, target)
        plot_waterline(works, target)


def graph_of(source: str) -> Graph:
    """The graph in a file, or of a recipe with random weights."""
    if source.endswith(".npz"):
        return load(Path(source))
    return untrained_graph(load_recipe(source, [ORDER] if source in NETWORKS else []))


def measure(name: str, graph: Graph, target: Target, fps: float | None) -> NetworkWork:
    """Raises ScheduleError if the network does not fit."""
    plan = schedule(graph, target, fps=fps, streaming=True)
    ends = (*graph.inputs.values(), *(graph.types[output] for output in graph.outputs))
    return NetworkWork(
        network=name,
        macs=graph.macs,
        limit_cycles=limit_cycles(graph.multiplications, target.products_per_dsp * target.budget.dsp),
        interval_cycles=plan.interval_cycles,
        dsp=plan.used.dsp,
        binds=plan.binds,
        bytes_built=sum(map(frame_bytes, ends)) + sum(cost.memory_bytes for cost in plan.blocks.values()),
        blocks=_blocks(design_of(graph, target, plan)),
    )


def _blocks(design: Design) -> tuple[BlockWork, ...]:
    found, plan = [], design.schedule
    for block in design.blocks:
        node, cost = block.node, plan.blocks[block.name]
        macs = node.op.multiplications(*block.input_types)
        if not macs or not cost.multipliers:
            continue
        moved = bytes_alone(design.built, node)
        efficiency = useful_share(macs, cost.multipliers, plan.interval_cycles)
        limit = -(-macs // cost.multipliers)
        found.append(
            BlockWork(node.name, macs, cost.multipliers, limit, cost.interval_cycles, round(efficiency, 4), moved)
        )
    return tuple(found)


def plot_gap(works: Sequence[NetworkWork], target: Target) -> None:
    figure, (networks, blocks) = plt.subplots(1, 2, figsize=(11, 4.2), width_ratios=(1, 2), layout="constrained")
    span = [min(work.macs for work in works) * 0.3, max(work.macs for work in works) * 1.4]
    rate = target.products_per_dsp * target.budget.dsp
    networks.plot(span, [macs / rate for macs in span], color="0.4", label=f"limit: {rate} a cycle")
    for index, work in enumerate(works):
        networks.plot([work.macs] * 2, [work.limit_cycles, work.interval_cycles], color="C3", linewidth=1)
        networks.plot(work.macs, work.interval_cycles, "o", color="C0")
        networks.annotate(
            f"{work.network} {work.efficiency:.0%}",
            (work.macs, work.interval_cycles),
            (-6, 4 + 12 * (index % 2)),
            textcoords="offset points",
            horizontalalignment="right",
        )
    networks.set(xscale="log", yscale="log", xlabel="multiplications a frame", ylabel="cycles a frame", xlim=span)
    networks.xaxis.set_minor_formatter(NullFormatter())
    networks.yaxis.set_minor_formatter(NullFormatter())
    networks.legend(loc="lower right", frameon=False)
    for index, work in enumerate(works):
        left = 0.0
        edges, heights = [0.0], []
        for block in work.blocks:
            left += block.macs / work.macs
            edges.append(left)
            heights.append(block.efficiency)
        blocks.stairs(heights, edges, color=f"C{index}", label=work.network, fill=len(works) == 1)
    blocks.set(
        xlabel="share of the network's multiplications, blocks in order",
        ylabel="useful share of the multipliers' cycles",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    blocks.legend(loc="lower left", frameon=False)
    figure.suptitle(f"Efficiency gap on {target.board} at {target.clock_mhz:g} MHz")
    figure.savefig(DOCS / "efficiency_gap.svg", metadata={"Date": None})
    plt.close(figure)


def plot_waterline(works: Sequence[NetworkWork], target: Target) -> None:
    peak = target.products_per_dsp * target.budget.dsp * target.clock_mhz  # M multiplications/s
    waterline = peak / target.memory_mb_s(target.clock_mhz)
    figure, axes = plt.subplots(
        len(works), 1, figsize=(9, 3 + 1.6 * len(works)), sharex=True, squeeze=False, layout="constrained"
    )
    for axis, work in zip(axes[:, 0], works, strict=True):
        left = 0.0
        for block in work.blocks:
            height, width = block.macs / block.bytes_alone, block.macs / work.macs
            color = "C0" if height >= waterline else "C3"
            axis.bar(left, height, width, align="edge", color=color, edgecolor="white", linewidth=0.3)
            left += width
        axis.axhline(waterline, color="0.2", linewidth=1)
        axis.axhline(work.macs / work.bytes_built, color="C2", linestyle="--", linewidth=1)
        axis.set(
            yscale="log", xlim=(0, 1), title=f"{work.network}: as built {work.macs / work.bytes_built:,.0f} a byte"
        )
    figure.supylabel("multiplications a byte of external memory")
    axes[-1, 0].set_xlabel("share of the network's multiplications, blocks in order")
    figure.suptitle(
        f"Waterline of {target.board}: {waterline:.0f} multiplications a byte; blocks one by one, and as built"
    )
    figure.savefig(DOCS / "waterline.svg", metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
