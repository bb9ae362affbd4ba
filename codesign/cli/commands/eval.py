from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from codesign.cli.console import Changed, keeps, progress_bars, terminal
from codesign.cli.numbers import MOST_IMAGES, whole

ORDER = 2


class Backend(StrEnum):
    torch = "torch"
    graph = "graph"
    onnx = "onnx"
    hls = "hls"
    rtl = "rtl"


def run(
    run: Annotated[str, typer.Argument(help="A run folder, a shipped run's name, or a build folder made from one.")],
    backend: Annotated[Backend, typer.Option(help="What computes the network's outputs.")] = Backend.torch,
    limit: Annotated[
        int | None, typer.Option(parser=whole(1, MOST_IMAGES), help="Use the first N validation images only.")
    ] = None,
    changed: Changed = False,
) -> None:
    """Measure AP50 and AP, or accuracy, on the validation set, with the outputs of any back end."""
    from codesign.api.evaluate import evaluate
    from codesign.tasks import figures

    with keeps("nothing was written"), progress_bars() as progress:
        result = evaluate(run, backend=backend.value, limit=limit, changed=changed, progress=progress)
    terminal().print(f"{figures(result, digits=4)} on {result.images} images by {backend.value}")
