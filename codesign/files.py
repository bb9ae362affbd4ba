"""Files and folders appear whole or not at all: written beside their place, brought to the disk, then renamed."""

import ctypes
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from codesign.errors import CodesignError

UNFINISHED = ".unfinished"
"""Names of folders that are being filled end in this."""


def write_text(path: Path, text: str) -> None:
    """Write a text file, replacing an older one in one step."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, replacing an older one in one step; an OSError names `path`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".codesign.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(handle)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync(path.parent)
    except OSError as error:
        error.filename = str(path)
        raise


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill beside `path`, which takes its place when the block ends without an error.

    An older folder at `path` is removed only after that. Where the system can exchange two folders in one step (Linux),
    there is a whole one at `path` at every moment. What processes that were killed have left beside `path` is removed.
    An OSError or a CodesignError of the block names `path`, not the folder beside, which is gone by then.
    """
    place = Path(os.path.abspath(path))
    with told_of(place, path):
        place.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(place)
        with _scratch(place) as scratch, told_of(scratch, path):
            yield scratch
            _sync_all(scratch)
            _take_place(scratch, place)


@contextmanager
def _scratch(place: Path) -> Iterator[Path]:
    """A folder beside `place`, known as in use by its lock; gone when the block ends, however often it is told to."""
    scratch, handle = _free_name(place), None
    try:
        while handle is None:  # a folder taken for abandoned before it was locked is made anew
            scratch.mkdir(0o700, exist_ok=True)
            with suppress(FileNotFoundError):
                handle = _lock(scratch, os.O_RDONLY, 0)
        scratch.chmod(0o755)
        yield scratch
    finally:
        _remove(scratch)
        if handle is not None:
            os.close(handle)


def _free_name(place: Path) -> Path:
    """Nothing lies there. Unlike mkdtemp's, the name is known before the folder is made, so that none is forgotten."""
    while True:
        scratch = place.with_name(f".{place.name}.{secrets.token_hex(4)}{UNFINISHED}")
        if not scratch.exists():
            return scratch


def _remove(folder: Path) -> None:
    """Removes what can be removed of a folder; a signal that comes meanwhile is obeyed afterwards."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except KeyboardInterrupt:
        _remove(folder)
        raise


def _take_place(scratch: Path, place: Path) -> None:
    if not (place.exists() and _exchange(scratch, place)):
        older = scratch.with_name(f"{scratch.name}.older")
        if place.exists():
            place.replace(older)
        scratch.replace(place)
        _remove(older)
    sync(place.parent)


def sync(path: Path) -> None:
    """Brings a file's contents, or a folder's entries, to the disk, where its file system can."""
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network's file system may not know how to of folders
            os.fsync(handle)
    finally:
        os.close(handle)


def _sync_all(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            if (Path(place) / name).is_file():
                sync(Path(place) / name)
        sync(Path(place))


def _clear_abandoned(place: Path) -> None:
    """Removes the folders beside `place` that nobody fills any more: their locks went with their processes."""
    for scratch in place.parent.glob(f".{escape(place.name)}.????????{UNFINISHED}"):
        with suppress(OSError), locked(scratch) as mine:
            if mine:
                _remove(scratch)


def _exchange(first: Path, second: Path) -> bool:
    """Exchanges what lies at two places in one step; False, and nothing done, where the system cannot."""
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    try:
        rename = ctypes.CDLL(None).renameat2
    except AttributeError:
        return False
    return bool(rename(here, os.fsencode(first), here, os.fsencode(second), exchange) == 0)


@contextmanager
def told_of(scratch: Path, path: Path) -> Iterator[None]:
    """Errors that name a place in `scratch`, or no place, name that in `path` for which it stands."""
    old, new = str(scratch), str(path)
    try:
        yield
    except OSError as error:
        written = error.filename if error.filename2 is None else error.filename2
        error.filename, error.filename2 = str(path if written is None else written).replace(old, new), None
        raise
    except CodesignError as error:
        error.tell(error.what.replace(old, new), error.where.replace(old, new), error.remedy.replace(old, new))
        raise


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Whether a file or folder is this process's alone until the block ends; False if another one has it."""
    handle = _lock(path, os.O_RDONLY, fcntl.LOCK_NB)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def claimed(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """As `locked`, of a place where there may be nothing yet: the lock is a file beside it, which goes with the block.

    wait: until the other one has ended. Folders above that are missing are made; those left empty go with the block.
    """
    place = Path(os.path.abspath(path))
    lock = place.with_name(f".{place.name}.lock")
    missing = [folder for folder in place.parents if not folder.exists()]
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = _lock(lock, os.O_RDWR | os.O_CREAT, 0 if wait else fcntl.LOCK_NB)
        try:
            yield handle is not None
        finally:
            if handle is not None:
                lock.unlink(missing_ok=True)
                os.close(handle)
    finally:
        for folder in missing:
            with suppress(OSError):  # it has become somebody's
                folder.rmdir()


def _lock(path: Path, flags: int, mode: int) -> int | None:
    """A handle of the locked file or folder that lies at `path` now; None if another process has it."""
    while True:
        handle = os.open(path, flags, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | mode)
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        except FileNotFoundError:  # removed while we waited
            pass
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
