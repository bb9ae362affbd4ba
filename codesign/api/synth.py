"""`codesign synth`: what the synthesized hardware takes, beside what was predicted."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from codesign.build_folder import BuildFolder, open_build
from codesign.cost.block import BlockCost
from codesign.design import Design
from codesign.files import write_text
from codesign.progress import Progress, silent
from codesign.schedule import Resources
from codesign.synthesis import NetworkSynthesis, Utilization, synthesize_flat, synthesize_network
from codesign.synthesis.utilization import Family, family_of

SCHEMA = 1


@dataclass(frozen=True)
class BlockFigures:
    """One block, predicted and synthesized. multiplications_per_dsp: a cycle; None where no DSP is used."""

    block: str
    operator: str
    predicted: Resources
    synthesized: Resources
    multiplications_per_dsp: float | None


@dataclass(frozen=True)
class Synthesis:
    """A network's figures, as `synth.json` holds them.

    streams: adapters, forks, FIFOs and ports between the blocks. flat: of the whole top without hierarchy, if asked
    for. over: what exceeds the budget of the target, such as "BRAM36 152 of 140".
    """

    target: str
    family: Family
    blocks: tuple[BlockFigures, ...]
    streams: BlockFigures
    total: BlockFigures
    flat: Resources | None
    budget: Resources
    over: tuple[str, ...]


def synth(
    build: Path | BuildFolder,
    *,
    family: Family | None = None,
    flat: bool = False,
    changed: bool = False,
    progress: Progress = silent,
) -> Synthesis:
    """Synthesizes a build with Yosys, block by block, and writes `synth.json` into its folder.

    family: default that of the build's target; for UltraScale+ it is xc7, whose LUTs are the same. flat: synthesize the
    whole top in one go, too. changed: as for `open_build`. Netlists already synthesized are not done again. Raises
    ToolError if Yosys is missing.
    """
    folder = open_build(build, changed=changed)
    design = folder.design
    kind = family or family_of(design.target)
    with folder.locked():
        found = synthesize_network(folder.rtl, kind, progress=progress)
        whole = _flattened(folder, kind, progress) if flat else None
        result = compare(design, found, whole)
        text = json.dumps({"schema": SCHEMA, **asdict(result)}, indent=1)
        write_text(folder.synthesis, text + "\n")
    return result


def _flattened(folder: BuildFolder, family: Family, progress: Progress) -> Resources:
    progress("flattened", 0, 1)
    found = _resources(synthesize_flat(folder.rtl, family))
    progress("flattened", 1, 1)
    return found


def compare(design: Design, found: NetworkSynthesis, flat: Resources | None = None) -> Synthesis:
    """Puts the synthesized figures beside those of the design's schedule."""
    schedule, instances = design.schedule, {block.instance for block in design.blocks}
    blocks = tuple(
        _figures(block.name, block.node.op.kind, schedule.blocks[block.name], found.instances[block.instance])
        for block in design.blocks
        if block.instance in found.instances
    )
    between = sum((u for instance, u in found.instances.items() if instance not in instances), Utilization())
    total = _resources(found.total)
    return Synthesis(
        target=schedule.target,
        family=found.family,
        blocks=blocks,
        streams=BlockFigures("streams", "", schedule.streams, _resources(between), None),
        total=BlockFigures("total", "", schedule.used, total, None),
        flat=flat,
        budget=schedule.budget,
        over=total.exceeds(schedule.budget),
    )


def _figures(name: str, operator: str, predicted: BlockCost, found: Utilization) -> BlockFigures:
    rate = round(predicted.multipliers / found.dsp, 2) if found.dsp and predicted.multipliers else None
    return BlockFigures(name, operator, Resources() + predicted, _resources(found), rate)


def _resources(found: Utilization) -> Resources:
    return Resources(found.lut, found.ff, found.bram36, found.dsp)
