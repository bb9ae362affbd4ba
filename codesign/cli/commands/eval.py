from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from codesign.cli.console import Changed, Json, keeps, print_json, progress_bars, terminal
from codesign.cli.help import TRAIN
from codesign.cli.numbers import MOST_IMAGES, whole

SECTION, ORDER = TRAIN, 2
EXAMPLES = (
    ("codesign eval codenet-digits", "of PyTorch, on the whole validation set"),
    ("codesign eval codenet-digits --backend rtl --limit 32", "of the simulated hardware"),
)


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
    json: Json = False,
    changed: Changed = False,
) -> None:
    """Measure AP50 and AP, or accuracy, on the validation set, with the outputs of any back end."""
    from codesign.api.evaluate import evaluate
    from codesign.tasks import figures

    with keeps("nothing was written"), progress_bars() as progress:
        result = evaluate(run, backend=backend.value, limit=limit, changed=changed, progress=progress)
    if json:
        print_json({"backend": backend.value, **vars(result)})
        return
    terminal().print(f"{figures(result, digits=4)} on {result.images} images by {backend.value}")
