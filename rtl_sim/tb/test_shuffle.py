"""shuffle: channels change places at full rate, with every supported number of lanes."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.shuffle import Shuffle
from codesign.hardware.folding import Folding
from codesign.hardware.ops.shuffle import foldings


def cases(channels: int, groups: int) -> list[Case]:
    kind = TensorType((channels, 3, 4), 0, 15)
    op = Shuffle(groups)
    return [Case(op, [kind], folding, seed=channels) for folding in foldings(op, [kind], [kind])]


def test_channels_are_shuffled():
    check_all([*cases(8, 2), *cases(24, 2), *cases(27, 3), *cases(2, 2), *cases(5, 1)])


def test_a_pixel_of_many_channels_is_kept_in_block_ram():
    kind = TensorType((464, 2, 2), 0, 255)
    check_all([Case(Shuffle(2), [kind], Folding(lanes, lanes)) for lanes in (1, 4)])
