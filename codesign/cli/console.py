"""What the commands share: the terminal, options, progress, and what to say when interrupted."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID
    from rich.table import Table

    from codesign.progress import Progress

OUTPUT = "Output"
"""Panel of a command's help for what it writes and prints."""

Changed = Annotated[
    bool, typer.Option("--changed", help="Go on though the build's files are not as they were exported.")
]
"""The option of every command that reads a build."""

Json = Annotated[
    bool,
    typer.Option("--json", help="Print the figures as one JSON document, nothing else.", rich_help_panel=OUTPUT),
]
"""The option of every command that prints figures."""

PLAIN_COLUMNS = 80
"""Width where nobody says how wide the terminal is, as in a pipe."""

BARS_AT_ONCE = 8
"""So many are drawn; those of work that is done make room for others."""


class Loudness(Enum):
    """How much a command tells besides its results and errors."""

    quiet = "nothing"
    usual = "progress bars, on a terminal"
    verbose = "every step as a line"


class _Told:
    """What the command line asks for."""

    loudness: Loudness = Loudness.usual


def loudness() -> Loudness:
    """How much the command that is running tells."""
    return _Told.loudness


def set_loudness(*, quiet: bool = False, verbose: bool = False) -> None:
    """Raises BadParameter for both at once."""
    if quiet and verbose:
        raise typer.BadParameter("--quiet and --verbose contradict each other: give one of them")
    _Told.loudness = Loudness.quiet if quiet else Loudness.verbose if verbose else Loudness.usual


class InterruptedWorkError(Exception):
    """Ctrl-C; the text says what is kept and how to go on."""


@contextmanager
def keeps(what: str) -> Iterator[None]:
    """Turns Ctrl-C into `InterruptedWorkError(what)`."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedWorkError(what) from None


def terminal() -> Console:
    """Standard output, as wide as the terminal or $COLUMNS says; else as PLAIN_COLUMNS."""
    from codesign.reporting.console import PlainConsole

    console = PlainConsole()
    known = console.is_terminal or "COLUMNS" in os.environ
    return console if known else PlainConsole(width=PLAIN_COLUMNS)


def print_table(table: Table) -> None:
    """A table of `plain_table`, in parts where the terminal is too narrow for it."""
    from codesign.reporting.tables import show

    show(table, terminal())


def print_json(figures: Any) -> None:
    """One JSON document in ASCII: of records, tuples and mappings. What is no finite number becomes null."""
    from pydantic_core import to_json

    text = to_json(figures, inf_nan_mode="null", fallback=str)
    typer.echo(json.dumps(json.loads(text), indent=1))


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A `Progress` on standard error: one bar per kind of work on a terminal, gone when all is done.

    Nothing is written where standard error is no terminal, unless the command is to be verbose: then, as on a terminal,
    the beginning and the end of each kind of work are lines.
    """
    from codesign.reporting.console import PlainConsole

    console = PlainConsole(stderr=True)
    if loudness() is Loudness.verbose:
        yield _Lines()
    elif loudness() is Loudness.quiet or not console.is_terminal:
        from codesign.progress import silent

        yield silent
    else:
        bars = _Bars(console)
        try:
            yield bars
        finally:
            bars.drawn.stop()


class _Bars:
    """Drawing begins with the first call, so that what is said before stays where it is."""

    def __init__(self, console: Console) -> None:
        self.drawn = _drawn(console)
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        self.drawn.start()
        if what not in self.tasks:
            self._make_room()
            self.tasks[what] = self.drawn.add_task(what, total=total)
        self.drawn.update(self.tasks[what], completed=done, total=total)

    def _make_room(self) -> None:
        shown = [task for task in self.drawn.tasks if task.visible]
        for task in [task for task in shown if task.finished][: max(0, len(shown) + 1 - BARS_AT_ONCE)]:
            self.drawn.update(task.id, visible=False)


def _drawn(console: Console) -> Bars:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)


class _Lines:
    """The first and the last call of each kind of work, with the seconds since the command began it."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}
        self.ended: set[str] = set()

    def __call__(self, what: str, done: int, total: int) -> None:
        if done >= total and what in self.ended:
            return
        if what not in self.begun:
            self.begun[what] = time.monotonic()
            self.ended.discard(what)
            self._say(f"{what} ...")
        if done >= total:
            self.ended.add(what)
            self._say(f"{what}: {total} in {time.monotonic() - self.begun.pop(what):.1f} s")

    def _say(self, line: str) -> None:
        from codesign import quoting

        print(quoting.terminal(line), file=sys.stderr, flush=True)
