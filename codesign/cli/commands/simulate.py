from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import OUTPUT, Changed, Json, keeps, print_json, progress_bars, terminal
from codesign.cli.help import HARDWARE
from codesign.cli.numbers import LARGEST_SEED, MOST_IMAGES, number, whole

SECTION, ORDER = HARDWARE, 2
EXAMPLES = (
    ("codesign simulate builds/digits", "two frames back to back"),
    ("codesign simulate builds/digits --stalls --images 4", "which block holds up the others"),
    ("codesign simulate builds/digits --waves top.fst", "all signals, for GTKWave or Surfer"),
)


def run(
    build: Annotated[Path, typer.Argument(help="A build folder.")],
    images: Annotated[int, typer.Option(parser=whole(1, MOST_IMAGES), help="Frames to send, back to back.")] = 2,
    stall: Annotated[float, typer.Option(parser=number(0, 0.99), help="Chance that a port pauses in a cycle.")] = 0.0,
    seed: Annotated[int, typer.Option(parser=whole(0, LARGEST_SEED), help="Seed of the pauses.")] = 0,
    waves: Annotated[
        Path | None,
        typer.Option(
            help="Write all signals to this FST file, for GTKWave or Surfer, or how often each changes to FILE.saif.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    stalls: Annotated[
        bool,
        typer.Option("--stalls", help="Count, once the first frame is out, where beats wait, and name what binds."),
    ] = False,
    json: Json = False,
    changed: Changed = False,
) -> int:
    """Run the exported SystemVerilog in Verilator and measure it: outputs checked, cycles a frame, latency.

    Exit status 1 if the outputs differ from the integer graph's, or a stream breaks the rules of AXI4-Stream.
    """
    from codesign.api.simulate import simulate
    from codesign.reporting.terminal import print_stalls

    with keeps("compiled simulators are kept"), progress_bars() as progress:
        result = simulate(
            build,
            images=images,
            stall=stall,
            seed=seed,
            waves=waves,
            stalls=stalls,
            changed=changed,
            progress=progress,
        )
    wrong = not result.exact or bool(result.violations)
    if json:
        print_json(result)
        return int(wrong)
    console = terminal()
    verdict = "exact" if result.exact else "different from the integer graph"
    console.print(f"outputs of {result.frames} frames: {verdict}")
    for violation in result.violations:
        console.print(f"broken rule: {violation}", soft_wrap=True, markup=False)
    console.print(f"interval {result.interval_cycles:,} cycles, latency {result.latency_cycles:,} cycles")
    console.print(
        f"{result.cycles:,} cycles in {result.seconds:.1f} s ({result.cycles / result.seconds:,.0f} cycles/s)"
    )
    if result.binding is not None:
        print_stalls(result.stalls, result.binding, console)
    if waves:
        console.print(f"waves: {waves}", soft_wrap=True)
    return int(wrong)
