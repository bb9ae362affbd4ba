"""What the commands share: the terminal, progress bars, and what to say when interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

    from codesign.progress import Progress

Changed = Annotated[
    bool, typer.Option("--changed", help="Go on though the build's files are not as they were exported.")
]
"""The option of every command that reads a build."""

REPORT_COLUMNS = 100
"""Reports fit this width."""


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
    """Standard output, at least as wide as a report when it is not a terminal."""
    from codesign.reporting.console import PlainConsole

    console = PlainConsole()
    return console if console.is_terminal else PlainConsole(width=REPORT_COLUMNS)


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A `Progress` that draws one bar per kind of work on standard error, gone when all is done.

    Drawing begins with the first call, so that work with bars of its own can come before.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    from codesign.reporting.console import PlainConsole

    console = PlainConsole(stderr=True)
    bars = Bars(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}

    def show(what: str, done: int, total: int) -> None:
        bars.start()
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    try:
        yield show
    finally:
        bars.stop()
