from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.completion import board_names, recipe_names
from codesign.cli.console import OUTPUT, Json, keeps, print_json, progress_bars, terminal
from codesign.cli.help import START

SECTION, ORDER = START, 0
EXAMPLES = (
    ("codesign demo", "a detector of digits in codesign-demo/, with its report page"),
    (
        "codesign demo --recipe fashion-mobilenet --out shop",
        "a classifier of clothes, where Fashion-MNIST is installed",
    ),
)


def run(
    recipe: Annotated[
        str, typer.Option(autocompletion=recipe_names, help="What to train, e.g. fashion-mobilenet.")
    ] = "codenet-digits",
    out: Annotated[Path, typer.Option(help="Folder for the run and the build.", rich_help_panel=OUTPUT)] = Path(
        "codesign-demo"
    ),
    target: Annotated[str, typer.Option(autocompletion=board_names, help="A board of `codesign targets`.")] = "pynq-z2",
    json: Json = False,
) -> int:
    """The whole chain on real images: train, export, verify, report. Minutes on two cores, no GPU."""
    from codesign.api.demo import demo
    from codesign.reporting.terminal import print_report, print_verification
    from codesign.tasks import figures

    with keeps(f"what was complete is in {out}; the same command goes on from there"), progress_bars() as progress:
        result = demo(out, recipe=recipe, target=target, progress=progress)
    if json:
        print_json(result)
        return int(not result.verification.exact)
    console = terminal()
    print_report(result.summary, console)
    print_verification(result.verification, console)
    console.print(figures(result.trained), end="")
    fixed = result.ap50_fixed_dilation
    console.print("" if fixed is None else f" (the shipped network with its dilation s fixed to 1: AP50 {fixed:.3f})")
    console.print(f"report:  {result.page}", soft_wrap=True)
    console.print(f"picture: {result.picture}", soft_wrap=True)
    return int(not result.verification.exact)
