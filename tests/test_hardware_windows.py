"""Geometry of windows and their rings, against what it means: where the taps of windows lie in a frame."""

import numpy as np
import pytest

from codesign.graph import TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.windows import output_size
from codesign.hardware.folding import Folding
from codesign.hardware.ops import conv
from codesign.hardware.window import deformable, sliding, variants
from codesign.hardware.window_bits import WindowBits
from codesign.hardware.window_taps import WindowTaps

CASES = [
    ((3, 3), (1, 1), (1, 1, 1, 1)),
    ((3, 3), (2, 2), (1, 1, 1, 1)),
    ((3, 3), (1, 1), (0, 0, 0, 0)),
    ((1, 5), (1, 1), (0, 2, 0, 2)),
    ((2, 2), (2, 2), (0, 0, 1, 1)),
    ((4, 3), (1, 2), (0, 1, 2, 1)),
]


def last_tap(row, column, kernel, stride, pads, width):
    """The place in the frame of the window's last tap, which may lie beyond the frame or its row."""
    return (row * stride[0] + kernel[0] - 1 - pads[0]) * width + column * stride[1] + kernel[1] - 1 - pads[1]


@pytest.mark.parametrize(("kernel", "stride", "pads"), CASES)
def test_a_window_is_complete_with_its_last_tap(kernel, stride, pads):
    x = TensorType((8, 7, 10), -1, 1, step=2)
    height, width = output_size(x, kernel, stride, pads)
    window = WindowBits(x, TensorType((4, height, width), -9, 9), 8, kernel, stride, pads)
    assert window.first == last_tap(0, 0, kernel, stride, pads, 10)
    last = last_tap(height - 1, width - 1, kernel, stride, pads, 10)
    assert window.last == last
    assert window.after == max(0, last - 69)


def test_windows_that_reach_further_than_a_frame_is_large_are_impossible():
    def possible(height, width, kernel, pads):
        x = TensorType((8, height, width), -1, 1, step=2)
        y = TensorType((4, *output_size(x, kernel, (1, 1), pads)), -9, 9)
        return WindowBits(x, y, 8, kernel, (1, 1), pads).possible

    assert possible(3, 3, (3, 3), (1, 1, 1, 1))
    assert not possible(1, 3, (3, 3), (1, 1, 1, 1))
    assert not possible(2, 2, (3, 3), (0, 0, 2, 2))


def test_smaller_rings_are_offered_one_for_each_number_of_block_rams():
    """Down to the smallest that is read without waiting; each holds what that number of block RAMs has room for."""
    x = TensorType((64, 56, 56), 0, 255)

    def ring(folding):
        return sliding(x, folding, 4, (3, 3), (2, 2), (1, 1, 1, 1))

    whole = Folding(1, 4)
    offered = [folding for folding in variants(whole, ring) if not folding.buffer]
    taken = [ring(folding).ramb18() for folding in offered]
    assert offered[0] == whole and len(taken) == 3
    assert taken == sorted(set(taken), reverse=True)
    assert all(0 < folding.slack < ring(whole).full_slack for folding in offered[1:])


@pytest.mark.parametrize("slack", [1, 3, 5, 9])
@pytest.mark.parametrize(("kernel", "stride", "pads"), CASES)
def test_a_row_waits_for_what_its_first_window_needs_beyond_the_row_before(kernel, stride, pads, slack):
    """It waits for no pixel that the ring had room for meanwhile, and for none past a frame's last."""
    x = TensorType((4, 7, 10), 0, 255)
    rows, columns = output_size(x, kernel, stride, pads)

    def needed(row, column):
        return last_tap(row, column, kernel, stride, pads, 10)

    ends = [needed(row, columns - 1) for row in range(rows)]
    firsts = [min(needed(row, 0), x.pixels - 1) for row in range(1, rows)] + [x.pixels + needed(0, 0)]
    missing = sum(max(0, first - end - slack) for first, end in zip(firsts, ends, strict=True))
    ring = sliding(x, Folding(1, 4, slack=slack), 4, kernel, stride, pads)
    assert ring.missing_pixels == missing
    assert sliding(x, Folding(1, 4), 4, kernel, stride, pads).missing_pixels == 0


@pytest.mark.parametrize("bound", [1, 2])
def test_a_ring_of_dilated_windows_holds_all_they_may_reach_and_the_pixel_that_comes(bound):
    x = TensorType((8, 6, 10), 0, 255)
    reach = [dy * 10 + dx for dy in (-bound, 0, bound) for dx in (-bound, 0, bound)]
    assert deformable(x, Folding(1, 1), bound).pixels == max(reach) - min(reach) + 1 + 1


def several_taps():
    """Random windows that come several taps at once, and how a unit takes them: vectors, beats and cycles of each."""
    rng = np.random.default_rng(1)
    while True:
        kernel = (int(rng.integers(1, 6)), int(rng.integers(1, 6)))
        x = TensorType((int(rng.integers(1, 9)), 6, int(rng.integers(1, 12))), 0, 15)
        pads = (kernel[0] - 1, int(rng.integers(kernel[1])), 0, int(rng.integers(kernel[1])))
        taps = kernel[0] * (kernel[1] if kernel[0] == 1 else int(rng.choice([1, kernel[1]])))
        if taps == 1 or x.width + pads[1] + pads[3] < kernel[1]:
            continue
        window = WindowTaps(x, 1, taps, kernel, (1, int(rng.integers(1, 4))), pads)
        if window.possible:
            steps = window.turns * int(rng.choice([n for n in range(1, window.beats + 1) if window.beats % n == 0]))
            yield window, window.reads // steps, steps, steps * int(rng.integers(1, 5))


def cycles_of_a_row(window, vectors, steps, cycles):
    """On average, beat by beat: a vector is taken when the last but one is done; other columns pass meanwhile."""
    rows, averaged = 50, 24
    time, done, ends = 0, [0, 0], []
    for row in range(rows):
        for column in range(window.size[1]):
            skipped = window.skipped_row + max(0, window.beyond - 1) if row else window.before
            time += (window.skipped if column else skipped) * window.beats
            for _ in range(vectors):
                time = max(time, done[-2]) + steps
                done.append(max(time, done[-1]) + cycles)
        ends.append(time)
    return (ends[-1] - ends[-1 - averaged]) / averaged


def test_the_work_on_windows_of_several_taps_is_that_of_their_beats_one_by_one():
    windows = several_taps()
    for _ in range(300):
        window, *taken = next(windows)
        assert window.work_cycles(*taken) == window.size[0] * cycles_of_a_row(window, *taken), (window, taken)


def test_several_taps_are_offered_where_one_tap_of_more_channels_is_not_as_fast():
    x = TensorType((64, 20, 20), 0, 15)
    op = Conv(np.ones((8, 64, 3, 3), np.int32), np.zeros(8, np.int32), (1.0,), pads=(1, 1, 1, 1))
    found = conv.foldings(op, (x,), op.infer(x))
    beats = {taps: {-(-64 // f.simd) for f in found if f.taps == taps} for taps in (1, 3, 9)}
    assert beats[3] == {1, 2} and beats[9] == {1, 2, 3, 4, 5, 6, 7, 8}
    assert {f.taps for f in found} == {1, 3, 9}


def test_windows_that_do_not_come_in_the_order_of_their_last_columns_are_read_tap_by_tap():
    x = TensorType((2, 6, 6), 0, 15)
    op = Conv(np.ones((2, 2, 3, 3), np.int32), np.zeros(2, np.int32), (1.0,), (2, 1), pads=(1, 2, 1, 2))
    assert {f.taps for f in conv.foldings(op, (x,), op.infer(x))} == {1}
