"""What a design really does in a frame, counted in its simulation, in the terms of `energy`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codesign.build_folder import BuildFolder
from codesign.cost.energy import Activity
from codesign.emit.rtl.saif import Changes, changes
from codesign.emit.rtl.simulate import simulate
from codesign.verification.images import verification_images

IMAGES = 2


@dataclass(frozen=True)
class DesignActivity:
    """Activity of a frame in each block and between them, from the simulation of `images` back to back."""

    images: int
    blocks: Mapping[str, Activity]
    streams: Activity


def simulated_activity(build: BuildFolder) -> DesignActivity:
    """Simulates the first images that the build is verified on. Raises ToolError without a C++ compiler."""
    with tempfile.TemporaryDirectory(prefix="codesign_activity_") as scratch:
        file = Path(scratch) / "design.saif"
        simulate(build.rtl, build.graph, verification_images(build, IMAGES), tensors=(), waves=file)
        counted = dict(changes(file))
    nodes = {block.instance: block.name for block in build.design.blocks}
    blocks = {nodes[name]: _a_frame(counted.pop(name)) for name in [*counted] if name in nodes}
    between = Changes()
    for found in counted.values():
        between.add(found)
    return DesignActivity(IMAGES, blocks, _a_frame(between))


def _a_frame(found: Changes) -> Activity:
    return Activity(
        bit_changes=found.each / IMAGES,
        operand_changes=found.each_operand / IMAGES if found.operand_bits else None,
        memory_accesses=found.each_memory / IMAGES if found.memories else None,
    )
