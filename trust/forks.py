"""Pytest in forks of one process that has imported the heavy libraries, each fork within bounds."""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "scipy.optimize",
    "scipy.sparse.csgraph",
    "onnx",
    "onnxruntime",
    "qonnx.core.modelwrapper",
    "brevitas.nn",
    "lightning.pytorch",
    "pycocotools.cocoeval",
    "hypothesis",
    "pydantic",
    "jinja2",
    "typer",
)
"""What tests import that is none of ours. Nothing of `codesign` may be among it: each fork has its own."""

OURS = ("codesign", "benchmarks", "trust")
MEMORY = 12 << 30
"""Bytes of address space; torch alone maps several gigabytes."""

WAITING = 12
"""Seconds on the clock for one of the processor: other programs run too, and a test may wait for a process."""

POLL_S = 0.02

TOOLS = frozenset({"verilator_bin", "verilator", "make", "g++", "c++", "gcc", "clang++", "_yosys_process.py"})
SLOW = "it runs a compiler or Yosys, or takes long"


@dataclass(frozen=True)
class Ended:
    """How a fork ended. status: that of pytest, or None where it was ended at its bound."""

    status: int | None
    cpu_s: float


def preload() -> None:
    for name in HEAVY:
        importlib.import_module(name)
    sys.modules["torch"].set_num_threads(1)


def fork(work: Callable[[], int], log: Path, cpu_s: float) -> Ended:
    """Runs `work` in a fork of at most `cpu_s` seconds of the processor, what it prints in `log`."""
    sys.stdout.flush()
    polls = 0  # not the clock, which goes on while all of this is stopped
    if not (child := os.fork()):
        _in_child(work, log, cpu_s)
    while not (ended := os.wait4(child, os.WNOHANG))[0]:
        if (polls := polls + 1) * POLL_S > cpu_s * WAITING:
            os.kill(child, signal.SIGKILL)
        time.sleep(POLL_S)
    with suppress(ProcessLookupError):  # what it started and left behind
        os.killpg(child, signal.SIGKILL)
    _, status, usage = ended
    return Ended(None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), usage.ru_utime + usage.ru_stime)


def _in_child(work: Callable[[], int], log: Path, cpu_s: float) -> None:
    status = 70
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s) + 1, int(cpu_s) + 3))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for standard in (1, 2):
            os.dup2(out, standard)
        status = work()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def run_pytest(tree: Path, scratch: Path, arguments: Sequence[str], *, plugins: Sequence[object], slow: bool) -> int:
    """Pytest in the checkout `tree`, whose modules come first; the exit status. Only in a fork: it changes the process.

    scratch: has `common`, what fixtures share. slow: whether tests may run TOOLS; they are skipped otherwise.
    """
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    root = str(Path(__file__).resolve().parents[1])
    sys.path[:] = [str(tree), *(path for path in sys.path if path not in ("", root))]
    os.chdir(tree)
    os.environ |= {"PYTHONPATH": str(tree), "PYTEST_XDIST_WORKER": "gw0", "OMP_NUM_THREADS": "1"}
    if not slow:
        sys.addaudithook(_no_tool)
    options = ["-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main([*options, f"--basetemp={scratch / 'gw0'}", *arguments], plugins=list(plugins)))


def _no_tool(event: str, arguments: tuple[object, ...]) -> None:
    if event != "subprocess.Popen":
        return
    command = arguments[1]
    words = command.split() if isinstance(command, str) else [os.fspath(word) for word in command]  # type: ignore[attr-defined]
    if any(Path(word).name in TOOLS for word in words[:3]) and "--lint-only" not in words:
        pytest.skip(SLOW, allow_module_level=True)
