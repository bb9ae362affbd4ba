from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codesign.cli.commands.eval import Backend
from codesign.cli.console import OUTPUT, Changed, Json, keeps, print_json, progress_bars, terminal
from codesign.cli.help import LOOK
from codesign.cli.numbers import number

if TYPE_CHECKING:
    from codesign.api.detect import Detected

SECTION, ORDER = LOOK, 2
EXAMPLES = (
    ("codesign detect builds/digits pictures --out found", "boxes drawn into found/, listed in found/detections.json"),
    ("codesign detect builds/digits photo.png --backend rtl", "by the simulated hardware"),
)


def run(
    build: Annotated[Path, typer.Argument(help="A build folder.")],
    source: Annotated[str, typer.Argument(help="A picture, a folder of them, a video, or the number of a camera.")],
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for pictures with boxes, detections.json and detections.csv.", rich_help_panel=OUTPUT
        ),
    ] = Path("detected"),
    backend: Annotated[Backend, typer.Option(help="What computes the network's outputs.")] = Backend.graph,
    score: Annotated[
        float | None,
        typer.Option(parser=number(0, 1), help="List and draw what is so likely. Default: list all, draw from 0.3 on."),
    ] = None,
    json: Json = False,
    changed: Changed = False,
) -> int:
    """Find objects in pictures of your own, with any back end, and draw the boxes; or name what they show.

    Exit status 1 if a picture could not be read: the others are looked at all the same.
    """
    from codesign.api.detect import LISTING, TABLE, detect

    with keeps(f"pictures that were complete are kept in {out}"), progress_bars() as progress:
        results = detect(build, source, out, backend=backend.value, score=score, changed=changed, progress=progress)
    status = 1 if any(result.problem for result in results) else 0
    if json:
        print_json({"folder": out, "backend": backend.value, "pictures": results})
        return status
    console = terminal()
    for result in results:
        console.print(_line(result), markup=False, soft_wrap=True)
    written = f"written: {out}/, {out / LISTING} and {out / TABLE}, by {backend.value}"
    console.print(written, markup=False, soft_wrap=True)
    return status


def _line(result: Detected) -> str:
    """What was found in a picture: the class of a classifier, or how many boxes."""
    where = result.file.name if result.frame is None else f"{result.file.name}, frame {result.frame}"
    if result.problem:
        return f"{where}: passed over, {result.problem}"
    if len(result.found) != 1 or "box" in result.found[0]:
        return f"{where}: {len(result.found)} found, {result.drawn} drawn"
    (found,) = result.found
    if "probability" in found:
        return f"{where}: {found['class']} {found['probability']:.2f}"
    return f"{where}: {found['class']}" + (f", then {found['next']}" if "next" in found else "")
