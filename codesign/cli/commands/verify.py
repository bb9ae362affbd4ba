from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from codesign.cli.console import Changed, Json, keeps, print_json, progress_bars, terminal
from codesign.cli.help import HARDWARE
from codesign.cli.numbers import MOST_IMAGES, whole

SECTION, ORDER = HARDWARE, 1
EXAMPLES = (
    ("codesign verify builds/digits", "a whole verdict, on 16 images"),
    ("codesign verify builds/digits --images 4 --stages rtl,hls", "a part of one"),
    ("codesign verify builds/digits --netlist", "what Yosys makes of it, too"),
)


def _images(text: str) -> int | Path:
    """A number of images; or a picture, or a folder of them, whose name is none."""
    return whole(1, MOST_IMAGES)(text) if re.match(r"[-+]?\d", str(text)) and not Path(text).exists() else Path(text)


def run(
    build: Annotated[Path, typer.Argument(help="A build folder.")],
    images: Annotated[
        Any,
        typer.Option(
            parser=_images, metavar="N|FOLDER", help="Images to run through every stage; or pictures of your own."
        ),
    ] = "16",
    fast_images: Annotated[
        int,
        typer.Option(
            parser=whole(0, MOST_IMAGES), help="Run ONNX Runtime and the integer graph on so many, if those are more."
        ),
    ] = 0,
    stages: Annotated[str, typer.Option(help="Only these, such as `rtl,hls`; the verdict is then a part.")] = "",
    rtl: Annotated[
        Literal["codesign", "vitis"],
        typer.Option(help="Whose RTL to simulate: ours, or what Vitis HLS made."),
    ] = "codesign",
    netlist: Annotated[
        bool, typer.Option("--netlist", help="Also simulate the netlist that Yosys makes of every block.")
    ] = False,
    family: Annotated[
        Literal["xc7", "ecp5"] | None, typer.Option(help="Cells of the netlist; default: those of the build's target.")
    ] = None,
    json: Json = False,
    changed: Changed = False,
) -> int:
    """Prove every stage equal to the integer graph, tensor by tensor, to the bit.

    Runs the PyTorch modules, QONNX's executor, ONNX Runtime, the integer graph, the compiled hls4ml project and the
    simulated SystemVerilog on the same images, the latter with every kind of pause at its ports, and resets; and every
    block of it by itself. Writes verify.json. Exit status 1 if any value differs, a port breaks the rules of AXI, or a
    frame takes longer than scheduled.
    """
    from codesign.api.verify import verify
    from codesign.reporting.terminal import print_verification

    with keeps(f"{build} is as it was, compiled simulators included"), progress_bars() as progress:
        verdict = verify(
            build,
            images=images,
            fast_images=fast_images,
            stages=[name.strip() for name in stages.split(",") if name.strip()],
            rtl=rtl,
            netlist=netlist,
            family=family,
            changed=changed,
            progress=progress,
        )
    if json:
        print_json(verdict)
    else:
        print_verification(verdict, terminal())
        if not stages and "brevitas" in verdict.skipped:
            terminal().print("stage brevitas needs PyTorch: pip install 'codesign[train]'")
    return int(not verdict.exact)
