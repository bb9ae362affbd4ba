"""What stands in for a compiled simulation: it passes every frame that it is told to, and computes nothing.

All values of a frame are its number; records are those of frames without a peak. No compiler is asked for anything.
"""

import sys
from pathlib import Path

import pytest

SCRIPT = """#!{python} -SE
import sys
from array import array

def beats(frames):
    return " ".join(f"{{10 + n * {interval}}} {{10 + n * {interval} + {latency}}}" for n in range(frames))

for line in open(sys.argv[1]):
    word, *fields = line.split()
    if word != "stream":
        continue
    number, role, channels, pixels, frames, file = (fields[i] for i in (0, 1, 5, 6, 7, 9))
    print("frames", number, beats(int(frames)))
    print("state", number, 1, 0, 3)
    if role != "input" and file != "-":
        each = [0xFFFF, *[0] * 7] if role == "records" else [None] * (int(channels) * int(pixels))
        values = [n if value is None else value for n in range(int(frames)) for value in each]
        open(file, "wb").write(array("i", values).tobytes())
print("{end}")
"""


def stand_in(folder: Path, *, interval: int = 100, latency: int = 130, end: str = "cycles 9999") -> Path:
    """A program that takes the place of the simulator of any project.

    interval: cycles from frame to frame on every stream. latency: from a frame's first beat to its last, on every one.
    end: the last line it prints.
    """
    program = folder / "stand_in"
    program.write_text(SCRIPT.format(python=sys.executable, interval=interval, latency=latency, end=end))
    program.chmod(0o755)
    return program


def use(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    """Whoever asks for the simulator of a project gets `program`."""
    for module in ("simulate", "drive"):
        monkeypatch.setattr(f"codesign.emit.rtl.{module}.build", lambda *_, **__: (program, 0.0))
