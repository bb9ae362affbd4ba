"""Whether the tests would see a mistake in the Python code: a random sample of its mutants, each against the tests.

    python -m trust.python_mutants [--count N] [--seed S] [--slow] [FILE ...]

N mutants (default 300) of PACKAGES are chosen by the seed: a line at random, then a random mutation of it by the
operators of cosmic-ray (`python_mutations.py`). Which tests execute a mutant's statement is measured once, with how
long they take (`covering_tests.py`; kept in build/python_mutants). They run in a fork of a process that has imported
torch and the like, in a copy of the checkout, the quickest first and until one fails: for QUICK_S seconds of the
processor, and where none of these fails for THOROUGH_S. A statement that is executed on import, as a table, goes
through the quickest of all tests then, since it is not measured who reads it. Slow tests and those that run Verilator,
g++ or Yosys are left out; with --slow what no other test has caught goes through MOST_SLOW of them too. A mutant that
does not compile is no mutant, one that runs into its bound of time or memory is caught.

results/python_mutants.json holds what came out and is written after every mutant: a run that was stopped goes on
where it was, and what the function or class around an unchanged mutant has shown is not run again. Survivors are tried
again each time, unless trust/equivalent_python_mutants.yaml says why nothing could tell them from the original.
With names of files only mutants of these are tried.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks import record
from trust import forks
from trust.checkout import Checkout, checked_out
from trust.covering_tests import CoveringTests, Test, is_executed_on_import, measure
from trust.figures import update
from trust.python_mutations import Mutation, definition, mutations

ROOT = Path(__file__).resolve().parents[1]
NAME = "python_mutants"
EQUIVALENT = Path(__file__).with_name("equivalent_python_mutants.yaml")
KEPT = ROOT / "build" / "python_mutants"
PACKAGES = ("frontend", "graph", "hardware", "schedule", "cost", "emit", "training", "data", "verification")
SOURCES = ("trust/python_mutants.py", "trust/python_mutations.py", *(f"codesign/{name}/**/*.py" for name in PACKAGES))

QUICK_S = 8.0
THOROUGH_S = 45.0
MOST_SLOW = 2
SLOW_S = 200.0
START_S = 10.0
"""What a fork needs besides its tests: imports, collection."""

SLOWER = 3.0
"""So many times as long as without a mutation tests may take."""

CAUGHT, SURVIVED, EQUAL = "caught", "survived", "equivalent"


def main() -> None:
    parser = argparse.ArgumentParser(description="mutation check of the Python tests")
    parser.add_argument("--count", type=int, default=300, help="mutants that are tried")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", action="store_true", help="try survivors on slow tests, too")
    parser.add_argument("files", nargs="*", help="names of files, as `fifos.py`; all without")
    options = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    forks.preload()
    with checked_out(KEPT) as checkout:
        tests = measure(checkout, KEPT / "tests")
        rows = list(_current(record.load(NAME).get("mutants", [])))
        sample = chosen(options.count, options.seed)
        for mutation in sample:
            if not options.files or mutation.file.name in options.files:
                check(mutation, rows, tests, checkout, slow=options.slow)
        conclude(sample, rows)


def chosen(count: int, seed: int) -> list[Mutation]:
    """The first `count` mutations that leave a Python module, in the order of the seed."""
    files = [file for name in PACKAGES for file in sorted((ROOT / "codesign" / name).rglob("*.py"))]
    found = sorted((m for file in files for m in mutations(file, seed)), key=lambda m: (m.rank, str(m.file)))
    sample: list[Mutation] = []
    for mutation in found:
        if len(sample) == count:
            break
        if mutation.text() is not None:
            sample.append(mutation)
    return sample


def row_of(mutation: Mutation) -> dict[str, Any]:
    """How it stands in the JSON."""
    before, after = mutation.file.read_text().splitlines(), (mutation.text() or "").splitlines()
    changed = [line.strip() for index, line in enumerate(after) if index >= len(before) or line != before[index]]
    return {
        "file": str(mutation.file.relative_to(ROOT)),
        "definition": definition(mutation.file, mutation.line),
        "line": mutation.line,
        "code": mutation.code,
        "mutated": changed[0] if len(before) == len(after) else "(without it)",
        "operator": f"{mutation.operator} {mutation.occurrence}",
    }


def check(
    mutation: Mutation, rows: list[dict[str, Any]], tests: CoveringTests, checkout: Checkout, *, slow: bool
) -> None:
    """Tries one mutant, unless that is known; puts what came out into `rows`, and saves these."""
    row = row_of(mutation)
    older = next((r for r in rows if _key(r) == _key(row)), None)
    if entry := explanation(row):
        outcome: dict[str, Any] = {"outcome": EQUAL, "reason": entry["reason"]}
    elif older and older["outcome"] == CAUGHT:
        return
    else:
        outcome = run(mutation, tests, checkout, slow=slow)
    rows[:] = [r for r in rows if _key(r) != _key(row)] + [row | outcome]
    save(rows)
    print(f"{outcome['outcome']:10} {row['file']}:{row['line']} {row['code']}  ->  {row['mutated']}", flush=True)


def run(mutation: Mutation, tests: CoveringTests, checkout: Checkout, *, slow: bool) -> dict[str, Any]:
    """The outcome of a mutant, by which test, and how long that took."""
    covering = tests.of(checkout.tree, str(mutation.file.relative_to(ROOT)), mutation.line)
    quick = [test for test in covering if not test.slow]
    others = [test for test in covering if test.slow][: MOST_SLOW if slow else 0]
    first = within(quick, tests.shared_cost_s, QUICK_S)
    second = [test for test in within(quick, tests.shared_cost_s, THOROUGH_S) if test not in first]
    rest = _rest(mutation, tests, (*first, *second))
    start = time.monotonic()
    outcome, by = SURVIVED, ""
    with mutated(mutation, checkout.tree):
        for part, cost_s in ((first, QUICK_S), (second, THOROUGH_S), (rest, THOROUGH_S), (others, SLOW_S)):
            if part and (by := failing(part, checkout, START_S + SLOWER * cost_s, slow=part is others)):
                outcome = CAUGHT
                break
    return {"outcome": outcome, "by": by, "tests": len(covering), "seconds": round(time.monotonic() - start, 1)}


def _rest(mutation: Mutation, tests: CoveringTests, tried: Collection[Test]) -> list[Test]:
    """Others for what is executed on import: whoever reads a table there is not measured to execute it."""
    if not is_executed_on_import(mutation.file.read_text(), mutation.line):
        return []
    return [test for test in within(tests.quickest(), tests.shared_cost_s, THOROUGH_S) if test not in tried]


def within(tests: Iterable[Test], shared_cost_s: Mapping[str, float], limit_s: float) -> list[Test]:
    """The first of `tests` that take `limit_s` together, at least one."""
    found: list[Test] = []
    spent = 0.0
    made: set[str] = set()
    for test in tests:
        spent += test.cost_s + sum(shared_cost_s[name] for name in test.uses if name not in made)
        if found and spent > limit_s:
            break
        made.update(test.uses)
        found.append(test)
    return found


def failing(tests: list[Test], checkout: Checkout, cpu_s: float, *, slow: bool) -> str:
    """Which of `tests` fails, empty where none does."""
    told = checkout.scratch / "failed"
    told.unlink(missing_ok=True)
    checkout.reset()
    files = list(dict.fromkeys(test.file for test in tests))
    arguments = (checkout.tree, checkout.scratch, ["-x", *files])
    work = partial(forks.run_pytest, *arguments, plugins=[_Chosen(tests, told)], slow=slow)
    ended = forks.fork(work, checkout.log, cpu_s)
    if ended.status == pytest.ExitCode.OK:
        return ""
    if told.exists():
        return told.read_text()
    return "it takes too long or too much" if ended.status is None else f"{files[0]} as it is collected"


class _Chosen:
    """Pytest plugin that runs the chosen tests in their order, file by file, and tells which failed."""

    def __init__(self, tests: list[Test], told: Path) -> None:
        self.order = {test.name: place for place, test in enumerate(tests)}
        self.told = told

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [item for item in items if item.nodeid in self.order]
        first: dict[Path, int] = {}
        for item in kept:
            first[item.path] = min(self.order[item.nodeid], first.get(item.path, len(self.order)))
        items[:] = sorted(kept, key=lambda item: (first[item.path], self.order[item.nodeid]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.told.write_text(report.nodeid)


@contextmanager
def mutated(mutation: Mutation, tree: Path) -> Iterator[None]:
    place = tree / mutation.file.relative_to(ROOT)
    place.write_text(mutation.text() or "")
    try:
        yield
    finally:
        shutil.copy2(mutation.file, place)


def explanation(row: Mapping[str, Any]) -> dict[str, str] | None:
    """What equivalent_python_mutants.yaml says of a mutant."""
    entries = yaml.safe_load(EQUIVALENT.read_text()) or []
    keys = ("file", "code", "mutated")
    return next((e for e in entries if all(e[key] == row[key] for key in keys)), None)


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return Path(row["file"]).name, row["definition"], row["code"], row["mutated"], row["operator"].split()[0]


def _current(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Those of files that are still there."""
    return (row for row in rows if (ROOT / row["file"]).exists())


def save(rows: list[dict[str, Any]], *, whole: bool = False) -> None:
    order = sorted(rows, key=lambda row: (row["file"], row["line"], row["mutated"]))
    record.save(NAME, {"mutants": order}, SOURCES, whole=whole)


def conclude(sample: Iterable[Mutation], rows: list[dict[str, Any]]) -> None:
    """The figures of the whole sample, once all of it has been tried; rows of other samples go."""
    wanted = [_key(row_of(mutation)) for mutation in sample]
    rows[:] = [row for row in rows if _key(row) in wanted]
    outcomes = [row["outcome"] for row in rows]
    if len(rows) < len(set(wanted)):
        return
    save(rows, whole=True)
    figures = {"tried": len(rows), "caught": outcomes.count(CAUGHT), "equivalent": outcomes.count(EQUAL)}
    update("python mutants", {"python_mutants": figures}, SOURCES)
    for row in rows:
        if row["outcome"] == SURVIVED:
            print(f"survives: {row['file']}:{row['line']} {row['code']}  ->  {row['mutated']}")
    print(figures)


if __name__ == "__main__":
    main()
