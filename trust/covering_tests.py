"""Which tests execute which lines of `codesign`, and how long each takes: measured once, kept in a folder.

Lines that a fixture of a module or session executes count for every test that uses it.
"""

from __future__ import annotations

import ast
import json
import os
import signal
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import coverage
import pytest

from trust import forks
from trust.checkout import Checkout, digest, fixtures

MEASURING_CPU_S = 90
"""So long the tests of one file may take under measurement; those that are not begun by then are not used."""

LONGEST_CPU_S = 8
"""A test, or a shared fixture, that takes longer is slow."""


@dataclass(frozen=True)
class Test:
    """cost_s: on the processor, without what it shares. uses: shared fixtures. slow: it was stopped, where it ran a
    compiler or after LONGEST_CPU_S."""

    name: str
    cost_s: float
    uses: tuple[str, ...]
    slow: bool

    @property
    def file(self) -> str:
        return self.name.split("::")[0]


class CoveringTests:
    """What was measured of all test files."""

    def __init__(self, measured: Iterable[dict[str, Any]]) -> None:
        self._tests: list[Test] = []
        self.shared_cost_s: dict[str, float] = {}
        self._contexts: dict[str, dict[int, set[str]]] = {}
        for one in measured:
            self._tests += [Test(**test | {"uses": tuple(test["uses"])}) for test in one["tests"]]
            self.shared_cost_s |= one["shared_cost_s"]
            for context, files in one["lines"].items():
                for file, lines in files.items():
                    for line in lines:
                        self._contexts.setdefault(file, {}).setdefault(line, set()).add(context)

    def quickest(self) -> list[Test]:
        """All tests that are not slow, quickest first."""
        return self._sorted(test for test in self._tests if not test.slow)

    def of(self, tree: Path, file: str, line: int) -> list[Test]:
        """The tests that execute the statement at a line of `file`, quickest first."""
        lines = self._contexts.get(file, {})
        wanted: set[str] = set()
        for first, last in _reach((tree / file).read_text(), line):
            wanted = {context for n in range(first, last + 1) for context in lines.get(n, ())}
            if wanted:
                break
        return self._sorted(test for test in self._tests if test.name in wanted or wanted.intersection(test.uses))

    def _sorted(self, tests: Iterable[Test]) -> list[Test]:
        return sorted(tests, key=lambda test: test.cost_s + sum(self.shared_cost_s[name] for name in test.uses))


def _reach(text: str, line: int) -> Iterator[tuple[int, int]]:
    """Ranges of lines whose execution shows that of `line`, narrowest first: its statement, then what encloses it.

    What a module or class executes as it is imported says nothing; there its own functions do.
    """
    enclosing = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and _first(node) <= line <= (node.end_lineno or node.lineno)
    ]
    enclosing.sort(key=lambda node: (node.end_lineno or node.lineno) - node.lineno)
    for node in enclosing:
        body = getattr(node, "body", [])
        defines = isinstance(node, ast.FunctionDef | ast.ClassDef)
        in_head = body and line < body[0].lineno and not defines
        yield (node.lineno, body[0].lineno - 1) if in_head else (_first(node), node.end_lineno or node.lineno)
        if not defines and any(isinstance(outer, ast.FunctionDef) for outer in enclosing):
            return
    yield 1, text.count("\n") + 1


def is_executed_on_import(text: str, line: int) -> bool:
    """Whether the statement at a line lies in no function."""
    functions = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return not any(_first(node) <= line <= (node.end_lineno or node.lineno) for node in functions)


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])


def measure(checkout: Checkout, kept: Path) -> CoveringTests:
    """Runs every test file of a checkout that has changed since `kept` was filled, or what it executes has."""
    kept.mkdir(parents=True, exist_ok=True)
    found = []
    for file in sorted(checkout.tree.glob("tests/test_*.py")):
        result = kept / f"{file.stem}.json"
        if not (result.exists() and _holds(json.loads(result.read_text()), checkout, file)):
            print(f"measuring {file.name}", flush=True)
            result.unlink(missing_ok=True)
            checkout.reset()
            work = partial(_record, checkout, file, result)
            ended = forks.fork(work, kept / f"{file.stem}.log", MEASURING_CPU_S + 10 * LONGEST_CPU_S)
            if not result.exists():
                raise SystemExit(f"{file.name} ended with {ended}; see {kept / file.stem}.log")
        found.append(json.loads(result.read_text()))
    return CoveringTests(found)


def _holds(measured: dict[str, Any], checkout: Checkout, file: Path) -> bool:
    """Whether the tests of a file and all that they execute are as they were measured."""
    same = all(_sha(checkout.tree / name) == sha for name, sha in measured["executed"].items())
    return same and measured["digest"] == digest([file, *fixtures(checkout.tree)])


def _sha(file: Path) -> str:
    return digest([file]) if file.exists() else ""


def _record(checkout: Checkout, file: Path, result: Path) -> int:
    measured = coverage.Coverage(data_file=None, source=[str(checkout.tree / "codesign")], config_file=False)
    recorder = _Recorder(measured)
    signal.signal(signal.SIGPROF, _too_long)
    measured.start()
    arguments = [str(file.relative_to(checkout.tree))]
    status = forks.run_pytest(checkout.tree, checkout.scratch, arguments, plugins=[recorder], slow=False)
    measured.stop()
    for name in recorder.failed:
        print(f"fails without a mutation, and is left out: {name}")
    lines = _lines(measured, checkout.tree)
    executed = {name: _sha(checkout.tree / name) for files in lines.values() for name in files}
    own = digest([file, *fixtures(checkout.tree)])
    content = {"digest": own, "executed": executed, **recorder.results(), "lines": lines}
    beside = result.with_suffix(".making")
    beside.write_text(json.dumps(content))
    beside.rename(result)
    return status


def _lines(measured: coverage.Coverage, tree: Path) -> dict[str, dict[str, list[int]]]:
    """context -> file -> lines; what was executed in none, as modules were imported, is left out."""
    data = measured.get_data()
    found: dict[str, dict[str, list[int]]] = {}
    for file in data.measured_files():
        for line, contexts in data.contexts_by_lineno(file).items():
            for context in filter(None, contexts):
                place = str(Path(file).relative_to(tree))
                found.setdefault(context, {}).setdefault(place, []).append(line)
    return found


class _Recorder:
    """Pytest plugin that tells coverage which test or shared fixture runs."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.contexts = [""]
        self.cost_s: dict[str, float] = {"": 0.0}
        self.since = self.begun = _cpu_s()
        self.uses: dict[str, list[str]] = {}
        self.slow: set[str] = set()
        self.failed: set[str] = set()

    def results(self) -> dict[str, object]:
        tests = [
            {"name": name, "cost_s": round(self.cost_s[name], 3), "uses": uses, "slow": name in self.slow}
            for name, uses in self.uses.items()
            if name not in self.failed
        ]
        shared = {name: round(cost, 3) for name, cost in self.cost_s.items() if name and name not in self.uses}
        used = {name for uses in self.uses.values() for name in uses}
        return {"tests": tests, "shared_cost_s": dict.fromkeys(used, 0.0) | shared}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        definitions = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
        self.uses[item.nodeid] = sorted({_name(d[-1]) for d in definitions if d[-1].scope != "function"})
        signal.setitimer(signal.ITIMER_PROF, LONGEST_CPU_S)
        with self._context(item.nodeid):
            result = yield
        signal.setitimer(signal.ITIMER_PROF, 0)
        if _cpu_s() - self.begun > MEASURING_CPU_S:
            item.session.shouldstop = "it takes too long"
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        with self._context(_name(fixturedef)):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and forks.SLOW in str(report.longrepr):
            self.slow.add(report.nodeid)
        if report.failed:
            self.failed.add(report.nodeid)

    @contextmanager
    def _context(self, name: str) -> Iterator[None]:
        self._switch([*self.contexts, name])
        try:
            yield
        finally:
            self._switch(self.contexts[:-1])

    def _switch(self, contexts: list[str]) -> None:
        now = _cpu_s()
        self.cost_s[self.contexts[-1]] = self.cost_s.get(self.contexts[-1], 0.0) + now - self.since
        self.contexts, self.since = contexts, now
        self.measured.switch_context(contexts[-1])


def _too_long(*_: object) -> None:
    pytest.skip(forks.SLOW)


def _cpu_s() -> float:
    """CPU seconds of this process and what it has started and waited for."""
    return sum(os.times()[:4])


def _name(fixture: Any) -> str:
    return f"{fixture.baseid or 'session'}::{fixture.argname}"
