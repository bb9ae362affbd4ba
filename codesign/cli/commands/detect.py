from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codesign.cli.commands.eval import Backend
from codesign.cli.console import Changed, keeps, progress_bars, terminal

ORDER = 5


def run(
    build: Annotated[Path, typer.Argument(help="A build folder made from a trained run.")],
    source: Annotated[Path, typer.Argument(help="A picture, or a folder of pictures.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures with boxes, and for detections.json.")] = Path(
        "detected"
    ),
    backend: Annotated[Backend, typer.Option(help="What computes the network's outputs.")] = Backend.graph,
    changed: Changed = False,
) -> None:
    """Find objects in pictures of your own, with any back end, and draw the boxes."""
    from codesign.api.detect import LISTING, detect

    with keeps(f"pictures that were complete are kept in {out}"), progress_bars() as progress:
        results = detect(build, source, out, backend=backend.value, changed=changed, progress=progress)
    console = terminal()
    for result in results:
        console.print(f"{result.file.name}: {len(result.found)} found, {result.drawn} drawn")
    console.print(f"written: {out}/ and {out / LISTING}, by {backend.value}")
