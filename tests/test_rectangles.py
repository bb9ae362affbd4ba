"""Networks whose input is no square, from the recipe to the driver on the board."""

import numpy as np
import pytest
import torch

from codesign.api.export import export
from codesign.api.tune import untrained_graph
from codesign.api.verify import verify
from codesign.board.classification import Class
from codesign.board.detection import Boxes, in_picture
from codesign.board.driver import Viewer
from codesign.board.fit import fit_of, fitted
from codesign.data import Sample
from codesign.errors import RecipeError
from codesign.graph import execute
from codesign.graph.heads import heads_of
from codesign.graph.reals import random_integers
from codesign.nn.count import count
from codesign.nn.network import float_network
from codesign.recipe import load_recipe, save_recipe
from codesign.training.targets import make_batch
from codesign.tuning.space import variant
from codesign.verification.images import _brightness
from tests.made_once import RECIPES

TINY = RECIPES / "tiny.yaml"
WIDE = ["data.image_size=[32, 48]"]
CLASSIFIERS = {
    "resnet": [],
    "mobilenet": ["model={kind: mobilenet, stem: {channels: 4}, blocks: [{channels: 6, stride: 2}, {channels: 5}]}"],
    "vgg": ["model={kind: vgg, stages: [{channels: 4}, {channels: 6, convolutions: 1}]}"],
}


def test_a_recipe_gives_height_and_width_or_one_number_for_both(tmp_path):
    recipe = load_recipe(TINY, WIDE)
    assert (recipe.data.size, load_recipe(TINY).data.size) == ((32, 48), (32, 32))
    save_recipe(recipe, tmp_path / "recipe.yaml")
    assert load_recipe(tmp_path / "recipe.yaml") == recipe


@pytest.mark.parametrize("size", ["[32, 40]", "[40, 32]", "[32]", "[32, 32, 32]", "[0, 32]", "32.0"])
def test_sides_that_cannot_be_are_refused(size):
    with pytest.raises(RecipeError, match="image_size"):
        load_recipe(TINY, [f"data.image_size={size}"])


def test_a_search_scales_both_sides():
    assert variant(load_recipe(TINY, WIDE), {"resolution": 2.0}).data.size == (64, 96)


def test_a_wider_input_takes_so_many_more_operations_and_no_more_parameters():
    square, wide = (
        count(load_recipe(TINY, ["data.image_size=48"])),
        count(load_recipe(TINY, ["data.image_size=[48, 96]"])),
    )
    assert (wide.macs, wide.parameters) == (2 * square.macs, square.parameters)


def test_the_integer_graph_of_a_wide_detector_has_wide_maps():
    graph = untrained_graph(load_recipe(TINY, WIDE))
    assert graph.inputs["image"].shape == (3, 32, 48)
    assert heads_of(graph).shape == (10, 8, 12)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_classifier_looks_at_all_of_a_wide_picture(kind):
    settings = [*CLASSIFIERS[kind], "data.image_size=[16, 32]"]
    recipe = load_recipe(RECIPES / "tiny-resnet.yaml", settings)
    graph = untrained_graph(recipe)
    (output,) = graph.outputs
    images = random_integers(np.random.default_rng(0), graph.inputs["image"], 1)
    (before,) = execute(graph, {"image": images}, graph.outputs).values()
    images[:, :, :, 20:] = 255 - images[:, :, :, 20:]
    assert not np.array_equal(before, execute(graph, {"image": images}, (output,))[output])


def test_targets_of_a_wide_picture_lie_in_its_cells():
    image = np.zeros((3, 16, 40), np.uint8)
    sample = Sample("s", image, np.array([[28, 4, 36, 12]], np.float32), np.array([1]), np.array([False]))
    batch = make_batch([sample], classes=2, stride=4)
    assert batch.heat.shape == (1, 2, 4, 10)
    assert (batch.heat == 1).nonzero().tolist() == [[0, 1, 2, 8]]
    assert batch.cells.tolist() == [[2 * 10 + 8]]
    heads = float_network(load_recipe(TINY, WIDE)).raw_heads(torch.zeros(1, 3, 32, 48))
    assert heads.heat.shape == (1, 10, 8, 12)


@pytest.mark.parametrize("how", ["letterbox", "stretch"])
@pytest.mark.parametrize("picture", [(480, 640), (640, 480), (3, 1000), (32, 48), (16, 24)])
def test_boxes_come_back_to_where_they_were_in_the_picture(picture, how):
    fit = fit_of(picture, (32, 48), how)
    boxes = np.array([[0, 0, picture[1], picture[0]], [1, 1, 2, 3]], float)
    assert fit.back(fit.inside(boxes)) == pytest.approx(boxes)
    (whole, _) = fit.inside(boxes)
    assert whole.tolist() == [fit.left, fit.top, fit.left + fit.placed[1], fit.top + fit.placed[0]]
    placed = fitted(np.full((*picture, 3), 200, np.uint8), fit)
    assert placed.shape == (32, 48, 3)
    assert (placed == 200).all(2).sum() == fit.placed[0] * fit.placed[1]
    assert (placed == 0).all(2).sum() == 32 * 48 - fit.placed[0] * fit.placed[1]


def test_a_letterboxed_picture_keeps_its_shape_and_a_stretched_one_fills_the_input():
    assert fit_of((480, 640), (96, 128), "letterbox").placed == (96, 128)
    assert fit_of((480, 640), (96, 96), "letterbox").placed == (72, 96)
    assert fit_of((480, 640), (96, 96), "stretch").placed == (96, 96)


def test_what_lies_beside_the_picture_is_not_in_it():
    fit = fit_of((72, 96), (96, 96), "letterbox")
    found = Boxes(np.array([[0, 0, 96, 96], [10, 0, 20, 11], [10, 40, 20, 50]], float), np.ones(3), np.arange(3))
    own = in_picture(found, fit)
    assert own.boxes.tolist() == [[0, 0, 96, 72], [10, 28, 20, 38]]
    assert own.labels.tolist() == [0, 2]


class Hardware(Viewer):
    """Says of every frame the box of what is bright."""

    def __init__(self, task, fit):
        self.design = {"inputs": [{"shape": (3, 32, 48)}], "decode": {"task": task, "fit": fit}}

    def stream(self, frames):
        for frame in list(frames):  # a frame's result comes when later ones have been handed over
            assert frame.shape == (32, 48, 3) and frame.dtype == np.uint8
            if self.design["decode"]["task"] == "classification":
                yield Class(3, 0.5)
                continue
            ys, xs = np.nonzero(frame[..., 0] > 127)
            box = [[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]]
            yield Boxes(np.array(box, float), np.ones(1), np.zeros(1, int))


@pytest.mark.parametrize("how", ["letterbox", "stretch"])
def test_the_driver_takes_pictures_of_any_shape_and_tells_boxes_in_their_own_pixels(how):
    net, pictures, boxes = Hardware("detection", how), [], []
    for height, width in ((320, 480), (480, 320), (64, 64)):
        picture = np.zeros((height, width, 3), np.uint8)
        box = [width // 4, height // 4, width // 2, height // 2]
        picture[box[1] : box[3], box[0] : box[2]] = 255
        pictures.append(picture)
        boxes.append(box)
    for found, box, picture in zip(net.watch(pictures), boxes, pictures, strict=True):
        assert found.boxes[0] == pytest.approx(box, abs=max(picture.shape) / 32)
    assert net.look(pictures[0]).boxes[0] == pytest.approx(boxes[0], abs=15)
    assert Hardware("classification", how).look(pictures[1]) == Class(3, 0.5)


@pytest.mark.slow
def test_every_stage_of_a_wide_detector_that_sends_peaks_alone_is_exact(tmp_path):
    build = export(TINY, tmp_path / "build", random_weights=True, sparse=True, overrides=WIDE).folder
    verdict = verify(build, images=1)
    assert verdict.exact, verdict.first_mismatch


def test_the_brightness_of_a_wide_picture_is_weighted_as_itu_r_601_has_it():
    picture = np.zeros((3, 2, 5), np.uint8)
    picture[:, 0, 1], picture[:, 1, 4] = (255, 0, 0), (0, 255, 0)
    grey = _brightness(picture)
    assert grey.shape == (1, 2, 5)
    assert (int(grey[0, 0, 1]), int(grey[0, 1, 4]), int(grey.sum())) == (76, 150, 226)  # 0.299 and 0.587 of 255
