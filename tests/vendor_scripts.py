"""The vendor's Tcl scripts in a real Tcl interpreter, against the stubs of `vendor_tools.tcl`."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent / "vendor_tools.tcl"
UNIT_SEPARATOR = "\x1f"


def interpreter():
    """The command line of a Tcl interpreter: Tcl's own, or the one within Python."""
    if shutil.which("tclsh"):
        return ["tclsh"]
    if importlib.util.find_spec("_tkinter"):
        return [sys.executable, "-c", "import sys, tkinter; tkinter.Tcl().evalfile(sys.argv[1])"]
    pytest.skip("no Tcl interpreter: install the system package tcl, or a Python with tkinter")


def write_driver(script, *, slack="0.5", board_parts="", reports=""):
    """A script that runs `script` against the stubs, and the log that it will write."""
    log = script.parent / "calls"
    driver = script.parent / f"driver_{script.stem}.tcl"
    settings = {"log": log, "slack": slack, "board_parts": board_parts, "reports": reports, "script": script}
    lines = [f"set {name} {{{value}}}" for name, value in settings.items()]
    driver.write_text("\n".join([*lines, f"source {{{TOOLS}}}"]) + "\n")
    return driver, log


def run_script(script, **settings):
    """Runs a script against the stubs; returns its exit status and calls, as lists of words."""
    driver, log = write_driver(script, **settings)
    done = subprocess.run([*interpreter(), str(driver)], capture_output=True, text=True, check=False, timeout=60)
    assert "while executing" not in done.stderr, done.stderr
    return done, [line.split(UNIT_SEPARATOR) for line in log.read_text().splitlines()]
