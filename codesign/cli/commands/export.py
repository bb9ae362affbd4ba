from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.completion import board_names, run_names
from codesign.cli.console import OUTPUT, Json, keeps, print_json, progress_bars, terminal
from codesign.cli.help import HARDWARE
from codesign.cli.numbers import CLOCK_MHZ, FPS, MOST_DSP, MOST_INDICES, number, whole

SECTION, ORDER = HARDWARE, 0
EXAMPLES = (
    ("codesign export codenet-digits", "a run that ships, into builds/codenet-digits"),
    ("codesign export runs/digits --target ulx3s-85f --fps 200", "with the least hardware that is fast enough"),
    ("codesign export codenet-a --random-weights --target zcu104", "a recipe that nobody has trained yet"),
)


def run(
    source: Annotated[
        str,
        typer.Argument(
            autocompletion=run_names,
            help="A run folder, the name of a shipped run, a QONNX or TFLite file; with --random-weights, a recipe.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Build folder to write; an older build there is replaced. Default: builds/NAME of the source.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    target: Annotated[
        str, typer.Option(autocompletion=board_names, help="A board of `codesign targets`, or a target file.")
    ] = "pynq-z2",
    fps: Annotated[
        float | None,
        typer.Option(parser=number(*FPS), help="Frame rate to reach with least hardware. Default: as fast as fits."),
    ] = None,
    max_dsp: Annotated[
        int | None, typer.Option(parser=whole(0, MOST_DSP), help="Use at most so many DSP blocks.")
    ] = None,
    clock: Annotated[
        float | None, typer.Option(parser=number(*CLOCK_MHZ), help="Clock in MHz. Default: the target's.")
    ] = None,
    random_weights: Annotated[
        bool, typer.Option("--random-weights", help="SOURCE is a recipe: build its network untrained.")
    ] = False,
    sparse: Annotated[
        bool, typer.Option("--sparse", help="Of a detector, only the peaks leave the hardware, as records.")
    ] = False,
    argmax: Annotated[
        bool,
        typer.Option("--argmax", help="Classes leave the hardware, not scores: the picture's, or every pixel's."),
    ] = False,
    top_k: Annotated[
        int | None,
        typer.Option(
            "--top-k",
            metavar="K",
            parser=whole(1, MOST_INDICES),
            help="With --argmax: the K likeliest classes. Default: as many as the file chooses, or one.",
        ),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="NAME=TYPE",
            help="Which integers an input of a file takes: uint8, int8, bipolar, fixed<W,I>, uint8/255.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="With --random-weights: replace a setting of the recipe."),
    ] = None,
    suggest: Annotated[
        bool,
        typer.Option(
            "--suggest", help="Build nothing: rewrite an ONNX file that is refused, and say what that changes."
        ),
    ] = False,
    images: Annotated[
        Path | None,
        typer.Option(help="With --suggest: pictures, or an .npy file of inputs, to measure on. Default: random."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="With --suggest: the file to write. Default: NAME.suggested.onnx beside SOURCE.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Turn a trained network into hardware: QONNX, ONNX, an hls4ml project and SystemVerilog.

    Nothing is left in the build folder unless all of it could be written.
    """
    from codesign.api.export import export
    from codesign.places import build_folder
    from codesign.reporting.console import styled
    from codesign.reporting.terminal import print_report

    if suggest:
        _suggest(source, output, images, inputs or (), json)
        return
    if images or output:
        raise typer.BadParameter("--images and --output belong to --suggest: add it, or leave them out")
    if top_k is not None and not argmax:
        raise typer.BadParameter("--top-k belongs to --argmax: add it, or leave it out")
    folder = out or build_folder(source)
    with keeps(f"{folder} is as it was"), progress_bars() as progress:
        build = export(
            source,
            folder,
            target=target,
            fps=fps,
            max_dsp=max_dsp,
            clock_mhz=clock,
            random_weights=random_weights,
            sparse=sparse,
            argmax=(top_k or 0) if argmax else None,
            inputs=inputs or (),
            overrides=settings or (),
            progress=progress,
        )
    if json:
        print_json({"build": build.folder.path, "report": build.summary})
        return
    console = terminal()
    print_report(build.summary, console)
    if random_weights:
        random = ("the weights are random", "bold yellow")
        console.print(styled(random, ": the hardware is real, its detections mean nothing"))
    if not build.folder.board.is_dir():
        console.print(f"no board package: none is known for {build.folder.design.target.name}", soft_wrap=True)
    console.print(f"build folder: {build.folder.path}", soft_wrap=True)


def _suggest(source: str, output: Path | None, images: Path | None, inputs: Sequence[str], json: bool) -> None:
    from codesign.api.suggest import suggest
    from codesign.reporting.suggestion import print_suggestion

    with keeps("nothing was written"), progress_bars() as progress:
        found = suggest(source, output=output, images=images, inputs=inputs, progress=progress)
    if json:
        print_json({"suggestion": found})
        return
    print_suggestion(found.changes, found.differences, found.measured_on, terminal())
    if found.path is None:
        terminal().print(f"{source} is read as it is: nothing to suggest")
    else:
        terminal().print(f"written, and read: {found.path}", soft_wrap=True)
