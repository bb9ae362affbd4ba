"""peak: plateaus, borders, and thresholds and floors beyond the values' range."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.peak import Peak
from codesign.hardware.folding import Folding


def case(shape: tuple[int, int, int], lanes: int, x: tuple[int, int], threshold: int, floor: int) -> Case:
    return Case(Peak(threshold, floor), [TensorType(shape, *x)], Folding(lanes, lanes))


def test_peaks_are_found_on_plateaus_and_at_borders():
    check_all(
        [
            case((3, 8, 8), 1, (-128, 127), -20, -128),
            case((3, 9, 7), 2, (0, 3), 2, 0),
            case((2, 6, 6), 2, (0, 255), 100, -1),
            case((1, 1, 1), 1, (-8, 7), 0, -9),
        ]
    )


def test_thresholds_outside_the_range_let_all_or_no_peaks_pass():
    check_all(
        [case((2, 5, 5), 1, (-8, 7), -100, -101), case((2, 5, 5), 1, (0, 7), 8, 0), case((2, 5, 5), 1, (0, 7), 99, 9)]
    )
