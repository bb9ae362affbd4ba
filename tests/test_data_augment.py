"""Augmentation: pictures and boxes stay together, and the same place gives the same picture."""

import numpy as np
import pytest

from codesign.data import Sample
from codesign.data.augment import AugmentedSet, augmented, magnified, mirrored, recoloured
from codesign.sections import Augmentation

SIZE = 32


def bright_box(box=(4, 8, 12, 24), label=3):
    """Black but for the object, which is white."""
    image = np.zeros((3, SIZE, SIZE), np.uint8)
    x0, y0, x1, y1 = box
    image[:, y0:y1, x0:x1] = 255
    return Sample("s", image, np.array([box], np.float32), np.array([label]), np.array([False]))


def bright_region(sample):
    """The box of what is brighter than half."""
    ys, xs = np.nonzero(sample.image[0] > 127)
    return [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]


def test_a_mirrored_box_stays_on_its_object():
    sample = mirrored(bright_box())
    assert sample.boxes.tolist() == [[20, 8, 28, 24]] == [bright_region(sample)]
    again = mirrored(sample)
    assert np.array_equal(again.image, bright_box().image)


@pytest.mark.parametrize("view", [(2.0, 0, 4), (0.5, -16, -24), (1.0, 0, 0), (1.5, 2.5, 5)])
def test_a_magnified_box_stays_on_its_object(view):
    sample = magnified(bright_box(), *view)
    assert sample.image.shape == (3, SIZE, SIZE)
    assert sample.boxes[0] == pytest.approx(bright_region(sample), abs=1)


def test_an_object_at_the_edge_is_clipped_and_one_whose_centre_is_outside_is_none():
    clipped = magnified(bright_box(), 1.0, 6, 0)
    assert clipped.boxes.tolist() == [[0, 8, 6, 24]]
    assert clipped.labels.tolist() == [3]
    gone = magnified(bright_box(), 1.0, 9, 0)
    assert gone.boxes.shape == (0, 4)
    assert len(gone.labels) == len(gone.difficult) == 0


def test_colours_change_by_their_factors_and_not_at_all_by_one():
    sample = bright_box()
    sample.image[1] //= 2
    assert np.array_equal(recoloured(sample, np.ones(3)).image, sample.image)
    assert recoloured(sample, np.array([0.5, 1, 1])).image.max() == 127
    grey = recoloured(sample, np.array([1, 1, 0])).image
    assert np.array_equal(grey[0], grey[1])


def test_a_place_gives_the_same_picture_and_another_epoch_another():
    data = AugmentedSet([bright_box(), bright_box()], Augmentation(), seed=1)
    first, again, later, other = (data[place].image for place in ((0, 1), (0, 1), (1, 1), (0, 0)))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, later)
    assert not np.array_equal(first, other)


def test_nothing_to_draw_from_leaves_the_sample():
    still = Augmentation(mirror=False, scale=(1, 1), colour=0)
    sample = augmented(bright_box(), still, np.random.default_rng(0))
    assert np.array_equal(sample.image, bright_box().image)
    assert sample.boxes.tolist() == bright_box().boxes.tolist()
