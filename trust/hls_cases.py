"""The cases of tests/test_hls_operators.py that include one header, compiled alone: exit status 1 if one differs.

    python -m trust.hls_cases nnet_maxpool.h

For `mutants.py`, which runs it in a copy of the repository where that header is another.
"""

import re
import sys
import tempfile
from pathlib import Path

import numpy as np

from codesign.resources import hls_dir
from tests import test_hls_operators as operators


def cases(header: str) -> list[str]:
    """Those of operators whose header is `header` or includes it; of one that no header includes, the first of each."""
    users = {header}
    for _ in range(3):
        users |= {
            file.name
            for file in hls_dir().glob("*.h")
            if users & set(re.findall(r'#include "(.*?)"', file.read_text()))
        }
    kinds = {name.removeprefix("nnet_").removesuffix(".h") for name in users}
    found = [case for case, (op, *_) in operators.CASES.items() if op.kind in kinds]
    return found or [*{op.kind: case for case, (op, *_) in reversed(operators.CASES.items())}.values()]


def main() -> None:
    chosen = cases(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        graph, expected, got = operators.simulated(chosen, Path(scratch) / "project")
    for name in graph.outputs:
        np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


if __name__ == "__main__":
    main()
