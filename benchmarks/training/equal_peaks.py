"""What decoding equal peaks side by side as one object is worth, on detectors that have been trained.

    python -m benchmarks.training.equal_peaks RUN ...

Of each the whole validation set goes through the integer graph, and its maps are decoded twice: with the first of
equal neighbours, as `codesign` does, and with all of them, as the peak test leaves them. `float_ap50` is what the
training has measured in floating point, where neighbours are not equal. Writes results/equal_peaks.json.
"""

from __future__ import annotations

import sys
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.record import save
from codesign.api.evaluate import evaluate
from codesign.board import detection
from codesign.run_folder import find_run
from codesign.training.run import load_result


def row(name: str) -> dict[str, Any]:
    """Figures of a run."""
    counts = [0, 0]

    def counted(heat: np.ndarray, peaks: np.ndarray) -> np.ndarray:
        found = follow(heat, peaks)
        counts[0] += len(peaks)
        counts[1] += int(found.sum())
        return found

    follow = detection._follow
    with patch.object(detection, "_follow", counted):
        first = evaluate(name, backend="graph")
    with patch.object(detection, "_follow", lambda heat, peaks: np.zeros(len(peaks), bool)):
        every = evaluate(name, backend="graph")
    return {
        "run": name.rstrip("/").split("/")[-1],
        "images": first.images,
        "peaks": counts[0],
        "equal_to_one_before": counts[1],
        "float_ap50": load_result(find_run(name)).float_ap50,
        "ap50": first.ap50 and round(first.ap50, 4),
        "ap": first.ap and round(first.ap, 4),
        "ap50_of_all_peaks": every.ap50 and round(every.ap50, 4),
        "ap_of_all_peaks": every.ap and round(every.ap, 4),
    }


def main() -> None:
    rows = []
    for name in sys.argv[1:]:
        rows.append(row(name))
        print(rows[-1], flush=True)
    save("equal_peaks", {"runs": rows}, ("codesign/board/detection.py",))


if __name__ == "__main__":
    main()
