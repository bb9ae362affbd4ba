"""A network as a bitstream for the ULX3S, with open tools alone: post-route clock, utilisation, and size.

    python -m benchmarks.boards.ulx3s_bitstream

The network is the smallest detector with every block (tests/recipes/tiny.yaml), untrained, of least area at 500 frames
a second; it is what `codesign export tests/recipes/tiny.yaml --random-weights --target ulx3s-85f --fps 500 --clock 80`
and `codesign synth BUILD --bitstream` make. Writes benchmarks/results/ulx3s_bitstream.json.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.record import EXPORT, save
from codesign.api.bitstream import bitstream
from codesign.api.export import export

RECIPE = Path(__file__).parents[2] / "tests" / "recipes" / "tiny.yaml"
SOURCES = ("benchmarks/boards/ulx3s_bitstream.py", "tests/recipes/tiny.yaml", "codesign/emit/serial/**/*", *EXPORT)
TARGET, FPS, CLOCK_MHZ = "ulx3s-85f", 500, 80.0


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="codesign_ulx3s_") as folder:
        build = export(RECIPE, Path(folder) / "build", target=TARGET, fps=FPS, clock_mhz=CLOCK_MHZ, random_weights=True)
        made = bitstream(build.folder)
    save("ulx3s_bitstream", asdict(made), SOURCES)
    print(f"{made.placed.clock_mhz} MHz of {made.clock_mhz:g}, {dict(made.placed.used)}, {made.bytes:,} bytes")


if __name__ == "__main__":
    main()
