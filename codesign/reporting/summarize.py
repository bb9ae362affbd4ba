"""Makes the report of a build from its graph, schedule, target, run and verification."""

from __future__ import annotations

import json
from typing import Any

from codesign.build_folder import BuildFolder
from codesign.errors import BuildError
from codesign.graph import Graph, Node, TensorType
from codesign.reporting import energy, summary
from codesign.schedule import Schedule
from codesign.targets import Target


def summarize(build: BuildFolder, target: Target) -> summary.Summary:
    """Raises a CodesignError if a part of the build is missing or damaged."""
    graph, schedule = build.graph, Schedule.load(build.schedule)
    (source,) = graph.inputs
    return summary.Summary(
        network=graph.name,
        target=summary.Board(
            name=target.name,
            board=target.board,
            part=target.part,
            clock_mhz=schedule.clock_mhz,
            resources=_resources(target.resources),
            budget=_resources(schedule.budget),
        ),
        input=_tensor(source, graph.inputs[source]),
        outputs=graph.outputs,
        blocks=_blocks(graph, schedule, target),
        totals=_totals(graph, schedule, target),
        accuracy=_accuracy(build),
        verification=_verdict(build),
    )


def _blocks(graph: Graph, schedule: Schedule, target: Target) -> tuple[summary.Block, ...]:
    shares = energy.shares(schedule.blocks)
    added = energy.incremental(target.power, _interval_s(schedule)) if target.power else None
    return tuple(
        _block(graph, node, schedule, energy.scaled(added, shares[node.name]) if added else None)
        for node in graph.nodes
    )


def _block(graph: Graph, node: Node, schedule: Schedule, added: summary.Energy | None) -> summary.Block:
    cost, folding = schedule.blocks[node.name], schedule.foldings[node.name]
    outputs = zip(graph.output_names(node), graph.output_types(node), strict=True)
    return summary.Block(
        name=node.name,
        operator=node.op.kind,
        inputs=node.inputs,
        outputs=tuple(_tensor(name, kind) for name, kind in outputs),
        pe=folding.pe,
        simd=folding.simd,
        macs=node.op.macs(*graph.input_types(node)),
        parameters=node.op.parameters(),
        interval_cycles=cost.interval_cycles,
        latency_cycles=cost.latency_cycles,
        latency_us=cost.latency_cycles / schedule.clock_mhz,
        resources=_resources(cost),
        energy_incremental=added,
    )


def _totals(graph: Graph, schedule: Schedule, target: Target) -> summary.Totals:
    power, interval_s = target.power, _interval_s(schedule)
    return summary.Totals(
        macs=graph.macs,
        parameters=sum(node.op.parameters() for node in graph.nodes),
        interval_cycles=schedule.interval_cycles,
        latency_cycles=schedule.latency_cycles,
        frames_per_s=schedule.frames_per_second,
        latency_ms=schedule.latency_cycles / schedule.clock_mhz / 1e3,
        bottleneck=max(schedule.blocks, key=lambda name: schedule.blocks[name].interval_cycles),
        streams=_resources(schedule.streams),
        resources=_resources(schedule.used),
        energy_incremental=energy.incremental(power, interval_s) if power else None,
        energy_board=energy.whole_board(power, interval_s) if power else None,
        energy_source=power.source if power else None,
    )


def _interval_s(schedule: Schedule) -> float:
    return schedule.interval_cycles / (schedule.clock_mhz * 1e6)


def _tensor(name: str, kind: TensorType) -> summary.Tensor:
    return summary.Tensor(name=name, shape=kind.shape, bits=kind.bits, signed=kind.signed)


def _resources(held: Any) -> summary.Resources:
    """From any record with these four fields."""
    return summary.Resources(lut=held.lut, ff=held.ff, bram36=held.bram36, dsp=held.dsp)


def _accuracy(build: BuildFolder) -> summary.Accuracy | None:
    file = build.run / "result.json"
    return summary.Accuracy.model_validate(_json(file)) if file.is_file() else None


def _verdict(build: BuildFolder) -> summary.Verdict | None:
    return summary.Verdict.model_validate(_json(build.verification)) if build.verification.is_file() else None


def _json(file: Any) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuildError(f"cannot be read ({error})", where=str(file), remedy="make it again") from None
