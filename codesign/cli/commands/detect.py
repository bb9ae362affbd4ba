from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.commands.eval import Backend
from codesign.cli.console import OUTPUT, Changed, Json, keeps, print_json, progress_bars, terminal
from codesign.cli.help import LOOK

SECTION, ORDER = LOOK, 2
EXAMPLES = (
    ("codesign detect builds/digits pictures --out found", "boxes drawn into found/, listed in found/detections.json"),
    ("codesign detect builds/digits photo.png --backend rtl", "by the simulated hardware"),
)


def run(
    build: Annotated[Path, typer.Argument(help="A build folder made from a trained run.")],
    source: Annotated[Path, typer.Argument(help="A picture, or a folder of pictures.")],
    out: Annotated[
        Path,
        typer.Option(help="Folder for the pictures with boxes, and for detections.json.", rich_help_panel=OUTPUT),
    ] = Path("detected"),
    backend: Annotated[Backend, typer.Option(help="What computes the network's outputs.")] = Backend.graph,
    json: Json = False,
    changed: Changed = False,
) -> None:
    """Find objects in pictures of your own, with any back end, and draw the boxes."""
    from codesign.api.detect import LISTING, detect

    with keeps(f"pictures that were complete are kept in {out}"), progress_bars() as progress:
        results = detect(build, source, out, backend=backend.value, changed=changed, progress=progress)
    if json:
        print_json({"folder": out, "backend": backend.value, "pictures": results})
        return
    console = terminal()
    for result in results:
        console.print(f"{result.file.name}: {len(result.found)} found, {result.drawn} drawn", soft_wrap=True)
    console.print(f"written: {out}/ and {out / LISTING}, by {backend.value}", soft_wrap=True)
