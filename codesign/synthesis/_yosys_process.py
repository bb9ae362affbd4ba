"""Run by `yosys.py` in a process of its own: Yosys commands as a JSON list on standard input."""

import json
import sys

from pyosys import libyosys

design = libyosys.Design()
for command in json.load(sys.stdin):
    if isinstance(command, str):
        libyosys.run_pass(command, design)
    else:
        libyosys.Pass.call(design, command)
