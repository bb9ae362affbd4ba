"""How a command ends: every exception becomes one line on standard error, seldom with a list, and an exit status.

| status | meaning |
|---|---|
| 0 | all is well |
| 1 | the verdict is no: a value differs, a design misses its clock or its budget |
| 2 | something the user can mend |
| 70 | a mistake of codesign itself; a file to attach to a report is named |
| 129, 130, 141, 143 | ended by SIGHUP, Ctrl-C (SIGINT), a reader that went away, SIGTERM |
"""

from __future__ import annotations

import errno
import os
import platform
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType

import typer

from codesign import processes, quoting
from codesign.cli.console import InterruptedWorkError
from codesign.errors import CacheError, CodesignError
from codesign.extras import lacking
from codesign.resources import cache_folder
from codesign.version import VERSION

OK, NO, MISTAKE, OURS = 0, 1, 2, 70
SIGNALS = {signal.SIGHUP: "ended", signal.SIGINT: "interrupted", signal.SIGTERM: "ended"}
"""Signals after which we clear up, and what is said then. The status is 128 and their number."""

REMEDIES = {
    errno.ENOSPC: "make room on the disk, or name a roomier folder in TMPDIR",
    errno.EDQUOT: "make room in the quota",
    errno.EFBIG: "raise the limit of file sizes",
    errno.EROFS: "choose a folder that can be written",
    errno.EACCES: "choose a folder that can be read and written",
    errno.EPERM: "choose a folder that can be read and written",
    errno.ENOENT: "see that it is there",
    errno.ENOTDIR: "choose a folder",
    errno.EISDIR: "choose a file",
    errno.EEXIST: "choose another place",
    errno.ENOTEMPTY: "choose another place",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "choose a place without a loop of links",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENFILE: "end other programs",
    errno.ENOLCK: "choose a file system that can lock files",
    errno.EIO: "see whether the disk is sound",
    errno.ESTALE: "see whether the network's disk is there",
}
"""What the system refuses to any program, and what can be done about it."""

MOST_DETAILS = 40
"""Lines of an error's list that are printed."""
MORE_MEMORY = "ran out of memory; end other programs, give it fewer images, or use a machine with more memory"
OUT_OF_MEMORY = re.compile(
    r"not enough memory|can.?t allocate memory|cannot allocate memory|failed to allocate memory|bad_alloc"
    r"|out of memory|failed to map segment|can't start new thread",
    re.IGNORECASE,
)
"""How libraries written in other languages say it."""


class _Received:
    """The signal that ended the command, if one did."""

    number: signal.Signals = signal.SIGINT


@contextmanager
def tidy_ends() -> Iterator[None]:
    """Within the block, a signal of SIGNALS ends the programs that run and then raises KeyboardInterrupt.

    One that is ignored, as of `nohup`, stays so.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        _Received.number = signal.Signals(number)
        processes.end_all()
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, interrupt)
    except ValueError:  # not the main thread, which hears no signals
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ending(error: BaseException, arguments: Sequence[str], *, trace: bool = False) -> int:
    """Says in one line what `error` means to the user, and returns the exit status.

    trace: first tell where it comes from.
    """
    if isinstance(error, BrokenPipeError):
        _let_go_of_output()
        return 128 + signal.SIGPIPE
    if isinstance(error, KeyboardInterrupt | typer.Abort | InterruptedWorkError):
        kept = str(error) if isinstance(error, InterruptedWorkError) else "files that were complete are kept"
        return _say(f"{SIGNALS[_Received.number]}; {kept}", 128 + _Received.number)
    line = _mendable(error)
    if trace:
        _trace(error)
    if line is not None:
        return _say(f"error: {line}", MISTAKE, error.details if isinstance(error, CodesignError) else ())
    return _say(f"internal error: {_our_mistake(error, arguments)}", OURS)


def _mendable(error: BaseException) -> str | None:
    """What the user can mend, and how; None if nothing."""
    if isinstance(error, CodesignError):
        return str(error)
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        program = context.command_path if context else "codesign"
        return f"{error.format_message().rstrip('.')}; see `{program} --help`"
    for cause in _causes(error):
        if (missing := lacking(cause)) is not None:
            return str(missing)
        if isinstance(cause, MemoryError) or getattr(cause, "errno", None) == errno.ENOMEM:
            return MORE_MEMORY
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return _refused(cause)
        if processes.DISK_FULL.search(str(cause)):
            return f"there is no room on the disk; {REMEDIES[errno.ENOSPC]}, then run it again"
        if isinstance(cause, RuntimeError | ImportError | OSError) and OUT_OF_MEMORY.search(str(cause)):
            return MORE_MEMORY
    return _refused(error) if isinstance(error, OSError) and error.errno in REMEDIES else None


def _refused(error: OSError) -> str:
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return f"{place}{error.strerror}; {REMEDIES[error.errno or errno.EIO]}, then run it again"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came of."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _our_mistake(error: BaseException, arguments: Sequence[str]) -> str:
    what = f"{type(error).__name__}: {str(error).strip()[:200]}" if str(error).strip() else type(error).__name__
    text = (
        f"codesign {VERSION}, Python {platform.python_version()}, {platform.platform()}\n"
        f"codesign {' '.join(arguments)}\n\n{''.join(traceback.format_exception(error))}"
    )
    places: tuple[Callable[[], Path], ...] = (partial(cache_folder, "failures"), lambda: Path(tempfile.gettempdir()))
    for folder in places:
        with suppress(OSError, CacheError):
            handle, name = tempfile.mkstemp(prefix="codesign-", suffix=".txt", dir=folder())
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return f"{what}; this is a mistake of codesign's: please report it, with the file {name}"
    return f"{what}; this is a mistake of codesign's: please report it ({_where(error)})"


def _where(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}, and no file could be written that says more"


def _let_go_of_output() -> None:
    """The reader has gone, or the disk is full: what is left to print goes nowhere, also at the interpreter's end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _trace(error: BaseException) -> None:
    with suppress(OSError):
        print(quoting.terminal("".join(traceback.format_exception(error))), end="", file=sys.stderr, flush=True)


def _say(message: str, code: int, details: Sequence[str] = ()) -> int:
    """One line, and a list below it where there is one; a long list goes on in a file."""
    _let_go_of_output()
    with suppress(OSError):
        print(f"codesign: {_one_line(message)}", file=sys.stderr, flush=True)
        for line in details[:MOST_DETAILS]:
            print(quoting.terminal(line), file=sys.stderr, flush=True)
        if len(details) > MOST_DETAILS:
            handle, name = tempfile.mkstemp(prefix="codesign-", suffix=".txt")
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(f"{line}\n" for line in details)
            print(f"all {len(details):,} lines: {name}", file=sys.stderr, flush=True)
    return code


def _one_line(message: str) -> str:
    """Blanks instead of breaks, and no character that a terminal would obey."""
    return quoting.terminal(" ".join(message.split()))
