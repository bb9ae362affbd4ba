from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.console import keeps, progress_bars, terminal

ORDER = 8


def run(
    recipe: Annotated[str, typer.Option(help="What to train, e.g. fashion-mobilenet.")] = "codenet-digits",
    out: Annotated[Path, typer.Option(help="Folder for the run and the build.")] = Path("codesign-demo"),
    target: Annotated[str, typer.Option(help="A board of `codesign targets`.")] = "pynq-z2",
) -> int:
    """The whole chain on real images: train, export, verify, report. Minutes on two cores, no GPU."""
    from codesign.api.demo import demo
    from codesign.reporting.terminal import print_report, print_verification
    from codesign.tasks import figures

    with keeps(f"what was complete is in {out}; the same command goes on from there"), progress_bars() as progress:
        result = demo(out, recipe=recipe, target=target, progress=progress)
    console = terminal()
    print_report(result.summary, console)
    print_verification(result.verification, console)
    console.print(figures(result.trained), end="")
    fixed = result.ap50_fixed_dilation
    console.print("" if fixed is None else f" (the shipped network with its dilation s fixed to 1: AP50 {fixed:.3f})")
    console.print(f"report:  {result.page}")
    console.print(f"picture: {result.picture}")
    return 0 if result.verification.exact else 1
