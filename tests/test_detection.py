"""From head integers to boxes."""

import numpy as np
import pytest

from codesign.board.detection import decode

SCALES = {"heat": 1 / 16, "size": 1 / 8, "offset": 1 / 128}
FLOOR = -128


def heads(peaks, shape=(3, 4, 5)):
    """Maps with peaks {(class, y, x): logit} and, there, a size of 2 x 4 cells and an offset of 1/2, 1/4."""
    heat = np.full(shape, FLOOR, np.int32)
    for place, value in peaks.items():
        heat[place] = value
    size = np.stack([np.full(shape[1:], 16), np.full(shape[1:], 32)])
    offset = np.stack([np.full(shape[1:], 64), np.full(shape[1:], 32)])
    return heat, size, offset


def boxes(peaks, **options):
    return decode(*heads(peaks), scales=SCALES, stride=4, max_boxes=options.get("max_boxes", 10))


def test_a_peak_becomes_the_box_of_its_cell_size_and_offset():
    found = boxes({(1, 2, 3): 16})
    cx, cy = (3 + 0.5) * 4, (2 + 0.25) * 4
    assert found.boxes.tolist() == [[cx - 4, cy - 8, cx + 4, cy + 8]]
    assert found.labels.tolist() == [1]
    assert found.scores == pytest.approx([1 / (1 + np.exp(-1))])


def test_the_highest_peaks_are_kept_best_first():
    found = boxes({(0, 0, 0): -5, (1, 1, 1): 30, (2, 3, 4): 7}, max_boxes=2)
    assert found.labels.tolist() == [1, 2]


def test_equal_peaks_are_ordered_by_class_row_and_column():
    found = boxes({(2, 0, 0): 5, (0, 3, 1): 5, (0, 1, 4): 5, (0, 1, 0): 5})
    centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2 / 4 - (0.5, 0.25)
    assert found.labels.tolist() == [0, 0, 0, 2]
    assert centres.tolist() == [[0, 1], [4, 1], [1, 3], [0, 0]]


def test_no_peak_gives_no_box():
    found = boxes({})
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)


def test_a_negative_size_is_taken_as_zero():
    heat, size, offset = heads({(0, 1, 1): 3})
    found = decode(heat, -size, offset, scales=SCALES, stride=4, max_boxes=5)
    assert (found.boxes[:, :2] == found.boxes[:, 2:]).all()


def test_integers_and_floats_of_the_same_value_give_the_same_boxes():
    arrays = heads({(0, 1, 1): 3, (2, 2, 2): -9})
    whole = decode(*arrays, scales=SCALES, stride=4, max_boxes=5)
    real = decode(*(a.astype(np.float32) for a in arrays), scales=SCALES, stride=4, max_boxes=5)
    assert np.array_equal(whole.boxes, real.boxes)
    assert np.array_equal(whole.scores, real.scores)


@pytest.mark.parametrize(
    ("peaks", "kept"),
    [
        ({(0, 1, 1): 5, (0, 1, 2): 5}, [(0, 1, 1)]),
        ({(0, 1, 1): 5, (0, 2, 1): 5}, [(0, 1, 1)]),
        ({(0, 1, 1): 5, (0, 2, 2): 5}, [(0, 1, 1)]),
        ({(0, 1, 2): 5, (0, 2, 1): 5}, [(0, 1, 2)]),
        ({(0, 0, 0): 5, (0, 0, 1): 5, (0, 1, 0): 5, (0, 1, 1): 5}, [(0, 0, 0)]),
        ({(0, 1, 1): 5, (0, 1, 3): 5}, [(0, 1, 1), (0, 1, 3)]),  # not side by side
        ({(0, 1, 1): 5, (1, 1, 2): 5}, [(0, 1, 1), (1, 1, 2)]),  # of different classes
        ({(0, 0, 4): 5, (0, 1, 0): 5}, [(0, 0, 4), (0, 1, 0)]),  # at the ends of two rows
        ({(0, 3, 4): 5, (1, 0, 0): 5}, [(0, 3, 4), (1, 0, 0)]),
    ],
)
def test_equal_peaks_side_by_side_are_one_object(peaks, kept):
    """The peak test keeps them all: none is below a neighbour. Integers are often equal, real numbers never."""
    found = boxes(peaks)
    expected = boxes(dict.fromkeys(kept, 5))
    assert len(found) == len(kept)
    assert np.array_equal(found.boxes, expected.boxes) and np.array_equal(found.labels, expected.labels)


def test_peaks_that_are_unequal_stand_whatever_is_beside_them():
    assert len(boxes({(0, 1, 1): 5, (0, 1, 2): 6, (0, 2, 2): 4})) == 3  # the peak test has judged them
