"""Whether the benches would see a mistake: each mutant of a library file is run against the benches that use the file.

    python -m trust.mutants [--each N] [--seed S] [FILE ...]

N mutants (default 2) of every file of rtl_sim/rtl and hls are chosen by the seed: a random line, then a random mutation
of it (`mutations.py`). SystemVerilog goes through the three smallest cocotb benches whose design holds the module, its
own first, then through its proof; C++ through those cases of tests/test_hls_operators.py that include the header, until
one fails. A mutant that Verilator's lint or g++ refuses is no mutant; another takes its place. results/mutants.json
holds what came out and is written after every mutant: a run that was stopped goes on where it was, and what an
unchanged file has shown is not run again. Survivors are tried again each time, unless
trust/equivalent_mutants.yaml says why nothing can tell them from the original; where it names parameters, Yosys
shows it for these. With names of files only theirs are run.
benchmarks/results/trust.json counts as `mutants` those that are not equivalent, and `equivalent` beside them.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks import record
from codesign.emit.rtl import library
from codesign.emit.rtl.verilator import environment
from codesign.errors import ToolError
from trust.equivalence import equivalent
from trust.figures import update
from trust.formal import FAILED, PROOFS, Proof
from trust.formal import run as prove
from trust.mutations import Mutation, mutations

ROOT = Path(__file__).resolve().parents[1]
NAME = "mutants"
SOURCES = (
    "trust/mutants.py",
    "trust/mutations.py",
    "trust/equivalent_mutants.yaml",
    "rtl_sim/rtl/*.sv",
    "codesign/bench/*",
)
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.yaml")
COPIED = ("codesign", "hls", "rtl_sim", "tests", "docs/registers.md", "pyproject.toml")
TIMEOUT_S = 900
MOST_BENCHES = 3

CAUGHT, REFUSED, SURVIVED, EQUAL = "caught", "refused", "survived", "equivalent"

REFUSALS = ("the build failed", "Exiting due to", "Verilator failed:")
"""What the benches print when Verilator's lint has found the mutant."""

TOPS = {
    "adder_graph": ("bit_sum",),
    "axi_lite_registers": ("registers_top",),
    "binary_conv": ("conv", "mac_xnor", "bit_sum", "window_bits"),
    "conv_tile": ("conv_tile", "streamed_pair"),
    "group_conv": ("conv",),
    "mac": ("mac", "mac_pair"),
    "network": (
        "axi_stream_input",
        "axi_stream_output",
        "axi_lite_registers",
        "conv",
        "deform",
        "concat",
        "peak",
        "requant",
        "stream_fifo",
        "stream_fork",
        "stream_width",
    ),
    "network_rings": ("conv", "depthwise", "split"),
    "network_streamed": ("conv_tile", "weight_reader", "axi_stream_input"),
    "stream_fork": ("fork_to_three",),
    "threshold": ("threshold", "stream_decode"),
    "waves": (),  # of the simulator, not of the library
    "weight_reader": ("reader_of_four",),
}
"""The modules in the design of rtl_sim/tb/test_X.py, where it is not X alone."""

LINE = "tests/test_bitstream.py::test_the_design_behind_its_line_gives_what_the_graph_says"
TESTS = {
    "axi_peak_output": "tests/test_sparse.py::test_frames_of_no_of_all_and_of_some_peaks_are_the_graphs",
    "credit_counter": LINE,
    "mac_xnor": "rtl_sim/tb/test_binary_conv.py",
    "packet_merge": LINE,
    "ram": "rtl_sim/tb/test_maxpool.py",  # rings over several block RAMs
    "stream_decode": "tests/test_fuzz.py::test_values_in_steps_of_five_are_what_the_next_block_takes",
    "uart_receiver": LINE,
    "uart_transmitter": LINE,
}
"""The test of modules without a bench of their name."""


@dataclass(frozen=True)
class Mutant:
    file: Path
    mutation: Mutation

    @property
    def row(self) -> dict[str, object]:
        """How it stands in the JSON."""
        text = self.file.read_text()
        line, column = self.mutation.place(text)
        return {
            "file": str(self.file.relative_to(ROOT)),
            "sha256": hashlib.sha256(text.encode()).hexdigest()[:16],
            "line": line,
            "column": column,
            "code": text.splitlines()[line - 1].strip(),
            "mutation": f"{self.mutation.before} -> {self.mutation.after}",
        }


def main() -> None:
    parser = argparse.ArgumentParser(description="mutation check of the benches")
    parser.add_argument("--each", type=int, default=2, help="mutants of every file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("files", nargs="*", help="names of files, as `ring.sv`; all without")
    options = parser.parse_args()
    known = record.load(NAME).get("mutants", [])
    rows = [row for row in known if row in _current(known)]
    with copied_tree() as tree:
        for file in library_files():
            if not options.files or file.name in options.files:
                check_file(file, options.each, options.seed, rows, tree)
    conclude(rows, whole=not options.files)


def check_file(file: Path, each: int, seed: int, rows: list[dict], tree: Path) -> None:
    """Runs mutants of a file until a compiler has taken `each` of them; puts them into `rows`, and saves these."""
    built = 0
    for mutant in chosen(file, seed):
        if built == each:
            break
        row = mutant.row
        older = next((r for r in rows if _key(r) == _key(row)), None)
        if entry := explanation(row):
            outcome = {"outcome": EQUAL, "reason": entry["reason"], "shown_for": shown(mutant, entry)}
        elif older and older["outcome"] in (CAUGHT, REFUSED):
            outcome = {}
        else:
            outcome = run(mutant, tree)
        if outcome:
            rows[:] = [r for r in rows if _key(r) != _key(row)] + [row | outcome]
            save(rows)
            print(f"{outcome['outcome']:10} {row['file']}:{row['line']}:{row['column']} {row['mutation']}", flush=True)
        built += (outcome or older)["outcome"] != REFUSED


def library_files() -> list[Path]:
    return sorted([*(ROOT / "rtl_sim" / "rtl").glob("*.sv"), *(ROOT / "hls").glob("*.h")])


def chosen(file: Path, seed: int) -> Iterator[Mutant]:
    """The mutants of a file in the order in which they are tried: one a line, lines at random."""
    text = file.read_text()
    rng = random.Random(f"{seed} {file.name}")
    lines: dict[int, list[Mutation]] = {}
    for mutation in mutations(text, file.suffix[1:]):
        lines.setdefault(mutation.place(text)[0], []).append(mutation)
    order = list(lines)
    rng.shuffle(order)
    yield from (Mutant(file, rng.choice(lines[line])) for line in order)


@contextmanager
def copied_tree() -> Iterator[Path]:
    """A copy of library and benches, in which files can be changed."""
    with tempfile.TemporaryDirectory(prefix="mutants_") as scratch:
        for name in COPIED:
            source, target = ROOT / name, Path(scratch) / name
            target.parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "sim_build"))
            else:
                shutil.copy(source, target)
        yield Path(scratch)


def run(mutant: Mutant, tree: Path) -> dict[str, object]:
    """What the benches in `tree` say of a mutant: its outcome, the bench that caught it, and how long that took."""
    place = tree / mutant.file.relative_to(ROOT)
    text = mutant.file.read_text()
    start = time.monotonic()
    place.write_text(mutant.mutation.apply(text))
    try:
        outcome, bench = _run_hls(mutant.file, tree) if mutant.file.suffix == ".h" else _run_rtl(mutant.file, tree)
    finally:
        place.write_text(text)
        shutil.rmtree(tree / "rtl_sim" / "tb" / "sim_build", ignore_errors=True)
    return {"outcome": outcome, "by": bench, "seconds": round(time.monotonic() - start, 1)}


def benches(module: str) -> list[str]:
    """Tests of `module`: the MOST_BENCHES smallest benches whose design holds it, its own first."""
    if module in TESTS:
        return [TESTS[module]]
    rtl, tb = ROOT / "rtl_sim" / "rtl", ROOT / "rtl_sim" / "tb"
    sizes = {}
    for file in tb.glob("test_*.py"):
        name = file.stem.removeprefix("test_")
        if tops := TOPS.get(name, (name,)):
            held = {path.stem for path in library.sources(tops, rtl, tb)}
            if module in held:
                sizes[name] = (name != module, len(held), name)
    return [f"rtl_sim/tb/test_{name}.py" for name in sorted(sizes, key=sizes.__getitem__)[:MOST_BENCHES]]


def _run_rtl(file: Path, tree: Path) -> tuple[str, str]:
    if lints(file.stem, ROOT / "rtl_sim" / "rtl") and not lints(file.stem, tree / "rtl_sim" / "rtl"):
        return REFUSED, "verilator -Wall"
    for test in benches(file.stem):
        status, said = _call(["-m", "pytest", "-x", "-p", "no:cacheprovider", test], tree)
        if status:
            return (REFUSED if any(words in said for words in REFUSALS) else CAUGHT), test
    for proof in PROOFS:
        if proof.module == file.stem and _fails(proof, tree / "rtl_sim" / "rtl"):
            return CAUGHT, f"rtl_sim/formal/{proof.top}.sv"
    return SURVIVED, ""


def _fails(proof: Proof, rtl: Path) -> bool:
    """Whether a proof does not hold, or its parameters, which are good ones, are refused now."""
    try:
        return any(row["result"] == FAILED for row in prove(proof, rtl))
    except ToolError:
        return True


def lints(module: str, rtl: Path) -> bool:
    """Whether Verilator finds nothing in a module of the library `rtl`; it is quicker than a bench's build."""
    files = library.sources([module], rtl)
    command = ["verilator_bin", "--lint-only", "-Wall", "--top-module", module, *map(str, files)]
    return subprocess.run(command, env=environment(), capture_output=True, check=False).returncode == 0


def _run_hls(file: Path, tree: Path) -> tuple[str, str]:
    status, said = _call([__file__.replace("mutants.py", "hls_cases.py"), file.name], tree)
    if status:
        return (REFUSED if "g++ refuses" in said else CAUGHT), "tests/test_hls_operators.py"
    return SURVIVED, ""


def _call(arguments: list[str], tree: Path) -> tuple[int, str]:
    """Exit status and output of Python in `tree`, whose modules come first; a hang counts as a failure."""
    paths = [str(tree), str(tree / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=tree,
        env=variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return 1, "it hangs"
    return process.returncode, said


def explanation(row: dict) -> dict | None:
    """What equivalent_mutants.yaml says of a mutant."""
    entries = yaml.safe_load(EQUIVALENT.read_text())
    return next((e for e in entries if all(e[key] == row[key] for key in ("file", "code", "mutation"))), None)


def shown(mutant: Mutant, entry: dict) -> list[dict[str, int]]:
    """The parameters for which Yosys shows a mutant to be equivalent. Raises ValueError where it cannot."""
    cases = entry.get("parameters", [])
    for parameters in cases:
        if not equivalent(mutant.file, mutant.mutation.apply(mutant.file.read_text()), parameters):
            raise ValueError(f"{entry['file']}: {entry['mutation']} is not equivalent for {parameters}")
    return cases


def _key(row: dict) -> tuple:
    return row["file"], row["sha256"], row["line"], row["column"], row["mutation"]


def _current(rows: list[dict]) -> list[dict]:
    """Those of files that have not changed since."""
    shas = {str(f.relative_to(ROOT)): hashlib.sha256(f.read_bytes()).hexdigest()[:16] for f in library_files()}
    return [row for row in rows if shas.get(row["file"]) == row["sha256"]]


def save(rows: list[dict], *, whole: bool = False) -> None:
    order = sorted(rows, key=lambda row: (row["file"], row["line"], row["column"], row["mutation"]))
    record.save(NAME, {"mutants": order}, SOURCES, whole=whole)


def conclude(rows: list[dict], *, whole: bool) -> None:
    """Prints the counts, and keeps them if all files were tried; exit status 1 if there are unexplained survivors."""
    counts = {outcome: sum(row["outcome"] == outcome for row in rows) for outcome in (CAUGHT, SURVIVED, EQUAL, REFUSED)}
    save(rows, whole=whole)
    if whole:
        tried = counts[CAUGHT] + counts[SURVIVED]
        update("mutants", {"mutants": tried, "caught": counts[CAUGHT], "equivalent": counts[EQUAL]}, SOURCES)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    sys.exit(bool(counts[SURVIVED]))


if __name__ == "__main__":
    main()
