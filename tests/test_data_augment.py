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


def test_a_rectangle_stays_one_and_its_boxes_on_their_objects():
    image = np.zeros((3, 24, 64), np.uint8)
    image[:, 6:18, 40:56] = 255
    sample = Sample("s", image, np.array([[40, 6, 56, 18]], np.float32), np.array([3]), np.array([False]))
    settings = Augmentation(mirror=True, scale=(0.5, 0.9), colour=0.0)
    for seed in range(20):
        changed = augmented(sample, settings, np.random.default_rng(seed))
        assert changed.image.shape == (3, 24, 64)
        assert changed.boxes[0] == pytest.approx(bright_region(changed), abs=1.01)


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


MIDDLE = (14, 14, 18, 18)


def drawn(source, count=64, **settings):
    """Variants of one sample."""
    still = Augmentation(**{"mirror": False, "scale": (1, 1), "colour": 0} | settings)
    data = AugmentedSet([source], still, seed=2)
    return [data[epoch, 0] for epoch in range(count)]


def test_about_half_of_all_pictures_are_mirrored():
    original = bright_box().image
    pictures = [sample.image for sample in drawn(bright_box(), mirror=True)]
    same = [np.array_equal(picture, original) for picture in pictures]
    turned = [np.array_equal(picture, original[:, :, ::-1]) for picture in pictures]
    assert sum(same) + sum(turned) == len(pictures) == 64
    assert 20 <= sum(same) <= 44


@pytest.mark.parametrize(("factor", "least", "most"), [(2, -32, 0), (0.5, 0, 16), (1, 0, 0)])
def test_a_magnified_view_lies_anywhere_in_the_picture_and_a_shrunk_picture_anywhere_in_the_view(factor, least, most):
    samples = drawn(bright_box(MIDDLE), scale=(factor, factor))
    whole = [s.boxes[0] for s in samples if len(s.boxes) and (s.boxes > 0).all() and (s.boxes < SIZE).all()]
    corners = np.array([box[:2] for box in whole]) - factor * np.array(MIDDLE[:2])  # of the picture, in the view
    assert len(whole) > 20
    assert (corners >= least).all() and (corners <= most).all()
    assert (np.ptp(corners, axis=0) >= 0.5 * (most - least)).all()


def test_a_picture_is_magnified_by_any_factor_of_its_range():
    widths = [float(np.diff(sample.boxes[0, [0, 2]])[0]) / 8 for sample in drawn(bright_box(), scale=(0.5, 0.9))]
    assert 0.5 <= min(widths) < 0.55 and 0.85 < max(widths) <= 0.9


def test_colours_change_by_up_to_their_part():
    source = bright_box()
    source.image[...] = 100
    levels = [int(sample.image.max()) for sample in drawn(source, colour=0.4)]
    assert 60 <= min(levels) < 70 and 130 < max(levels) <= 140
