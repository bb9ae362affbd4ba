"""hls4ml projects that test processes share, because g++ takes its time."""

import fcntl
from contextlib import contextmanager

from codesign.emit.hls.project import emit_hls
from tests.designs import folded


@contextmanager
def shared_project(graph, folder, foldings=None):
    """The project of `graph` in `folder`, emitted by whoever comes first; the others wait until the block ends."""
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            emit_hls(folded(graph, foldings), folder)
        yield folder
