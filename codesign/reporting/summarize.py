"""Makes the report of a build from its design, and from what its run and its verification have shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from codesign.build_folder import BuildFolder
from codesign.cost import energy, error_bars
from codesign.design import BuiltBlock, Design
from codesign.errors import BuildError
from codesign.graph import TensorType
from codesign.recipe import Detection, Recipe
from codesign.reporting import efficiency, reuse, summary
from codesign.schedule import Schedule
from codesign.targets import Target
from codesign.vendor.figures import VendorFigures

if TYPE_CHECKING:
    from codesign.reporting.activity import DesignActivity


def summarize(design: Design, build: BuildFolder, activity: DesignActivity | None = None) -> summary.Summary:
    """The report on a design, whose build may have been verified or synthesized already.

    activity: of a simulated frame, by which energies are told instead of by assumed rates. Raises a CodesignError if a
    part of the build is damaged.
    """
    graph, schedule, target = design.graph, design.schedule, design.target
    (source,) = graph.inputs
    blocks = _blocks(design, activity)
    peaks = _peaks(build.recipe) if design.heads else None
    totals = _totals(design, blocks, activity, peaks)
    return summary.Summary(
        network=graph.name,
        target=summary.Board(
            name=target.name,
            board=target.board,
            part=target.part,
            clock_mhz=schedule.clock_mhz,
            resources=_resources(target.resources),
            budget=_resources(schedule.budget),
            memory_mb_s=target.memory_mb_s(schedule.clock_mhz),
            products=target.products_per_dsp * schedule.budget.dsp,
        ),
        input=_tensor(source, graph.inputs[source], graph.titles.get(source)),
        outputs=graph.outputs,
        blocks=blocks,
        totals=totals,
        accuracy=_accuracy(build),
        verification=_verdict(build),
        vendor=VendorFigures.load(build.vendor) if build.vendor.is_file() else None,
        activity=_difference(design, blocks, activity, peaks) if activity else None,
        file=summary.FileZones.model_validate(_json(build.zones)) if build.zones.is_file() else None,
    )


def _blocks(design: Design, activity: DesignActivity | None) -> tuple[summary.BlockReport, ...]:
    found = activity.blocks if activity else {}
    return tuple(_block(design, block, found.get(block.name)) for block in design.blocks)


def _block(design: Design, block: BuiltBlock, activity: energy.Activity | None) -> summary.BlockReport:
    graph, schedule, coefficients = design.built, design.schedule, design.target.energy
    node, op, cost = block.node, block.node.op, schedule.blocks[block.name]
    interval = schedule.interval_cycles
    return summary.BlockReport(
        name=block.name,
        operator=op.kind,
        inputs=block.inputs,
        outputs=tuple(_tensor(name, graph.types[name], graph.origins.get(name)) for name in block.outputs),
        pe=block.folding.pe,
        simd=block.folding.inputs,
        macs=op.macs(*block.input_types),
        parameters=op.parameters(),
        multipliers=cost.multipliers,
        bytes_alone=efficiency.bytes_alone(graph, node),
        interval_cycles=cost.interval_cycles,
        latency_cycles=cost.latency_cycles,
        latency_us=cost.latency_cycles / schedule.clock_mhz,
        resources=_resources(cost),
        error_bars=error_bars.of_block(op.kind, cost),
        energy=energy.of_block(graph, node, cost, interval, coefficients, activity) if coefficients else None,
        reuse=reuse.of_block(block),
        activity=activity,
    )


def _difference(
    design: Design, blocks: tuple[summary.BlockReport, ...], activity: DesignActivity, peaks: int | None
) -> summary.SimulatedActivity | None:
    """How energies by simulated activity differ from those by assumed rates; None without energies."""
    assumed = _totals(design, _blocks(design, None), None, peaks).energy_incremental
    if assumed is None:
        return None
    counted = [block for block in blocks if block.activity and block.resources.lut]
    tables = sum(block.resources.lut for block in counted)
    changes = sum(
        block.resources.lut * block.activity.bit_changes / block.interval_cycles for block in counted if block.activity
    )
    return summary.SimulatedActivity(
        images=activity.images,
        assumed_incremental=assumed,
        changes_a_cycle=changes / tables if tables else 0.0,
        assumed_changes_a_cycle=energy.ASSUMED_CHANGES,
    )


def _totals(
    design: Design, blocks: tuple[summary.BlockReport, ...], activity: DesignActivity | None, peaks: int | None
) -> summary.Totals:
    graph, schedule, target = design.built, design.schedule, design.target
    between = activity.streams if activity else None
    streams = (
        energy.of_streams(graph, schedule.streams, schedule.interval_cycles, target.energy, between, peaks=peaks)
        if target.energy
        else None
    )
    frame = None
    if streams:
        parts = (*(block.energy for block in blocks if block.energy), streams)
        frame = energy.of_frame(parts, target, _interval_s(schedule))
    of_streams = error_bars.of_block(error_bars.OTHERS, schedule.streams)
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
        error_bars=error_bars.total((*(block.error_bars for block in blocks), of_streams)),
        error_bars_streams=of_streams,
        memory_bytes=schedule.used.memory_bytes + energy.ends_bytes(graph, peaks),
        energy=frame,
        energy_streams=streams,
        energy_incremental=energy.incremental(frame) if frame else None,
        energy_board=energy.whole_board(frame) if frame else None,
        energy_sources=_energy_sources(target),
    )


def _peaks(recipe: Recipe | None) -> int:
    """Peaks of a frame that are counted where only they leave: as many as boxes are kept."""
    return (recipe.detection if recipe else Detection()).max_boxes


def _energy_sources(target: Target) -> tuple[str, ...]:
    """Where the coefficients come from, and the references that they name."""
    if target.energy is None:
        return ()
    coefficients = tuple(f"{name.removesuffix('_pj')}: {figure.source}" for name, figure in target.energy)
    measured = (f"board: {target.power.source}",) if target.power else ()
    return (*measured, *coefficients, *(source for source in target.sources if source.startswith("[")))


def _interval_s(schedule: Schedule) -> float:
    return schedule.interval_cycles / (schedule.clock_mhz * 1e6)


def _tensor(name: str, kind: TensorType, title: str | None = None) -> summary.Tensor:
    """title: what the network's file calls it, if it has it."""
    title = None if title == name else title
    return summary.Tensor(name=name, title=title, shape=kind.shape, bits=kind.bits, signed=kind.signed)


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
