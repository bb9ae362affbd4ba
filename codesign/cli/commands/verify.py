from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from codesign.cli.console import keeps, progress_bars, terminal

ORDER = 4


def run(
    build: Annotated[Path, typer.Argument(help="A build folder.")],
    images: Annotated[int, typer.Option(help="Images to run through every stage.")] = 16,
    fast_images: Annotated[
        int, typer.Option(help="Run ONNX Runtime and the integer graph on so many, if those are more.")
    ] = 0,
    rtl: Annotated[
        Literal["codesign", "vitis"],
        typer.Option(help="Whose RTL to simulate: ours, or what Vitis HLS made."),
    ] = "codesign",
) -> int:
    """Prove every stage equal to the integer graph, tensor by tensor, to the bit.

    Runs the PyTorch modules, QONNX's executor, ONNX Runtime, the integer graph, the compiled hls4ml project and the
    simulated SystemVerilog on the same images; the latter with every kind of pause at its ports, and resets. Writes
    verify.json. Exit status 1 if any value differs, a port breaks the rules of AXI, or a frame takes longer than
    scheduled.
    """
    from codesign.api.verify import verify
    from codesign.reporting.terminal import print_verification

    with keeps(f"{build} is as it was, compiled simulators included"), progress_bars() as progress:
        verdict = verify(build, images=images, fast_images=fast_images, rtl=rtl, progress=progress)
    print_verification(verdict, terminal())
    return 0 if verdict.exact else 1
