"""Training: targets, losses, precision, and resuming to the same bits."""

import errno
import functools
import itertools
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from codesign.board.detection import Boxes
from codesign.data import Sample, training_set, validation_set
from codesign.data.precision import average_precision
from codesign.errors import CheckpointError, DataError, RecipeError, TrainingError
from codesign.files import locked
from codesign.nn.detector import Heads
from codesign.nn.layers import plain
from codesign.nn.network import float_network
from codesign.recipe import load_recipe
from codesign.training import train
from codesign.training.callbacks import SaveEveryEpoch, confident, moving_average
from codesign.training.checkpoint import check_progress
from codesign.training.losses import detection_loss, distillation_loss, focal_loss
from codesign.training.metrics import evaluate_network
from codesign.training.run import (
    FLOAT_CHECKPOINT,
    LAST_CHECKPOINT,
    RESULT,
    WEIGHTS,
    find_run,
    load_float_run,
    load_result,
    load_run,
)
from codesign.training.targets import gaussian_radius, make_batch, splat
from codesign.training.task import EpochShuffle, TrainingTask, learning_rate_factor, train_loader

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODESIGN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


OPTIONS = {
    "plain": (),
    "averaged": ("training.ema=0.9",),
    "distilled": ("training.distillation={weight: 0.5}",),
    "frozen": ("training.freezing={epochs: 2, boundary: 0.1}",),
    "all": (
        "training.augmentation={mirror: false}",
        "training.ema=0.9",
        "training.distillation={weight: 0.5}",
        "training.freezing={epochs: 2, boundary: 0.1}",
        "training.batch_norm=kept",
        "quantization.weight_scale=statistics",
        "quantization.weight_percentile=90",
    ),
}
SHORT = ("training.float_phase={epochs: 1}", "training.quantized_phase={epochs: 1}")
FLOAT_ALONE = "training.quantized_phase=null"
FLOAT_STEPS = 9
"""Steps of the tiny recipe, 3 an epoch; then as many quantized ones."""


@pytest.fixture(scope="module")
def whole_run(cache, tmp_path_factory):
    """A function that gives the uninterrupted run of an entry of OPTIONS."""
    return functools.cache(
        lambda option: train(TINY, tmp_path_factory.mktemp("runs") / option, overrides=OPTIONS[option])
    )


@pytest.fixture(scope="module")
def run(whole_run):
    return whole_run("plain")


class InterruptionError(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize(
    ("option", "step"),
    [
        ("plain", 2),
        ("averaged", FLOAT_STEPS),
        ("all", 5),
        ("all", 14),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                ("plain", 4),
                ("plain", 11),
                ("plain", 16),
                ("averaged", 4),
                ("averaged", 16),
                ("distilled", 16),
                ("frozen", 16),
            )
        ),
    ],
)
def test_an_interrupted_training_resumes_to_the_same_bits(whole_run, tmp_path, monkeypatch, option, step):
    steps = 0
    original = TrainingTask.training_step

    def interrupted(self, *arguments):
        nonlocal steps
        steps += 1
        if steps > step:
            raise InterruptionError
        return original(self, *arguments)

    run = whole_run(option)
    with monkeypatch.context() as patch:
        patch.setattr(TrainingTask, "training_step", interrupted)
        with pytest.raises(InterruptionError):
            train(TINY, tmp_path / "run", overrides=OPTIONS[option])
    assert not (tmp_path / "run" / RESULT).exists()
    resumed = train(TINY, tmp_path / "run", resume=True, overrides=OPTIONS[option])
    assert (tmp_path / "run" / WEIGHTS).read_bytes() == (run.run / WEIGHTS).read_bytes()
    assert (resumed.ap50, resumed.ap, resumed.float_ap50) == (run.ap50, run.ap, run.float_ap50)


def weights_before_each_step(monkeypatch, tmp_path, name, overrides):
    """The named parameter, step by step, of a training."""
    seen = []
    original = TrainingTask.training_step

    def watched(self, *arguments):
        seen.append(self.network.get_parameter(name).detach().clone())
        return original(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingTask, "training_step", watched)
        train(TINY, tmp_path / "run", overrides=overrides)
    return seen


def test_a_phase_ends_with_the_moving_average_of_its_weights(tmp_path, monkeypatch):
    name = "heads.heat.output.conv.weight"
    steps = weights_before_each_step(monkeypatch, tmp_path, name, [*OPTIONS["averaged"], FLOAT_ALONE])[1:]
    assert all(not torch.equal(before, after) for before, after in itertools.pairwise(steps))
    checkpoint = torch.load(tmp_path / "run" / FLOAT_CHECKPOINT, weights_only=True)
    average, *steps = [*steps, checkpoint["current_model_state"][f"network.{name}"]]
    for count, weights in enumerate(steps, start=1):
        average = torch.lerp(weights, average, min(0.9, (1 + count) / (10 + count)))
    torch.testing.assert_close(checkpoint["state_dict"][f"network.{name}"], average)
    _, network = load_float_run(tmp_path / "run")
    torch.testing.assert_close(network.get_parameter(name).detach(), average)


def test_constants_among_the_averaged_stay_to_the_bit():
    constants = torch.tensor([8.0, 2.0**-8, 0.1, -torch.inf])
    mean = constants.clone()
    for step in range(1, 1000):
        mean = moving_average(mean, constants, step, 0.999)
    assert torch.equal(mean, constants)


@pytest.mark.parametrize("batch_norm", ["kept", "folded"])
def test_weights_that_round_without_doubt_stay_in_the_last_epochs(tmp_path, monkeypatch, batch_norm):
    seen = []
    original = TrainingTask.training_step

    def watched(self, *arguments):
        seen.append(self.network.backbone.last.conv)
        if hasattr(seen[-1], "weight_steps"):
            seen[-1] = seen[-1].weight_steps()
        return original(self, *arguments)

    monkeypatch.setattr(TrainingTask, "training_step", watched)
    settings = [SHORT[0], "training.freezing={epochs: 2, boundary: 0.1}", f"training.batch_norm={batch_norm}"]
    train(TINY, tmp_path / "run", overrides=settings)
    _, network = load_run(tmp_path / "run")
    at_start, at_end = seen[-6], network.backbone.last.conv.weight_steps()
    frozen = confident(at_start, 0.1)
    assert torch.equal(at_start[frozen].round(), at_end[frozen].round())
    assert not torch.equal(at_start, at_end)


@pytest.mark.parametrize("steps", [-7.0, -2.2, 0.3, 0.7, 7.0])
def test_weights_are_confident_away_from_where_rounding_changes(steps):
    assert confident(torch.tensor(steps), 0.15)
    assert not confident(torch.tensor(steps).sign() * torch.tensor([0.5, 1.4, 2.6]), 0.15).any()


def test_dilations_are_fractional_before_the_quantized_phase_and_whole_in_it(tmp_path):
    train(TINY, tmp_path / "run", overrides=[*SHORT, "training.fractional_first=true"])
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for load, whole in ((load_float_run, False), (load_run, True)):
        _, network = load(tmp_path / "run")
        seen = []
        network.decoder[0].dilation.register_forward_hook(lambda module, inputs, output, seen=seen: seen.append(output))
        with torch.no_grad():
            network(images)
        dilation = plain(seen[0])
        assert torch.equal(dilation, dilation.round()) == whole


def test_a_phase_of_so_many_steps_takes_whole_passes_over_the_set(tmp_path):
    settings = ["training.float_phase={steps: 4}", "training.quantized_phase={steps: 3}"]  # three batches a pass
    train(TINY, tmp_path / "run", overrides=settings)
    files = (tmp_path / "run" / name for name in (FLOAT_CHECKPOINT, LAST_CHECKPOINT))
    assert [torch.load(file, weights_only=True)["global_step"] for file in files] == [6, 3]


def test_the_teacher_leaves_its_training_and_its_weights_as_they_were(run, whole_run):
    distilled = whole_run("distilled")
    states = [torch.load(one.run / FLOAT_CHECKPOINT, weights_only=True)["state_dict"] for one in (run, distilled)]
    assert all(torch.equal(states[0][name], tensor) for name, tensor in states[1].items())
    assert (run.run / WEIGHTS).read_bytes() != (distilled.run / WEIGHTS).read_bytes()


@pytest.mark.parametrize("operator", ["square-integer-depthwise", "square", "conv"])
def test_mixed_precision_trains_and_its_checkpoints_are_float32(tmp_path, operator):
    settings = [*SHORT, "training.precision=bf16-mixed", f"model.decoder.operator={operator}"]
    settings += [FLOAT_ALONE] if operator == "square" else []
    train(TINY, tmp_path / "run", overrides=settings)
    _, network = load_float_run(tmp_path / "run") if operator == "square" else load_run(tmp_path / "run")
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in network.parameters())


def test_another_seed_trains_another_network(run, tmp_path):
    other = train(TINY, tmp_path / "run", overrides=["seed=4", FLOAT_ALONE])
    states = [torch.load(one.run / FLOAT_CHECKPOINT, weights_only=True)["state_dict"] for one in (run, other)]
    assert not all(torch.equal(states[0][name], tensor) for name, tensor in states[1].items())


def test_a_finished_run_loads_evaluates_to_its_result_and_needs_no_training_again(run, monkeypatch):
    recipe, network = load_run(run.run)
    assert not network.training
    precision = evaluate_network(network, recipe, validation_set(recipe))
    assert (round(precision.ap50, 4), round(precision.ap, 4)) == (run.ap50, run.ap)
    monkeypatch.setattr(TrainingTask, "training_step", None)
    assert train(TINY, run.run, resume=True) == load_result(run.run) == run


def test_a_run_is_neither_overwritten_nor_resumed_as_another_recipe(run):
    with pytest.raises(CheckpointError, match="already holds a run"):
        train(TINY, run.run)
    with pytest.raises(CheckpointError, match="another recipe"):
        train(TINY, run.run, resume=True, overrides=["seed=9"])


def test_two_trainings_in_one_folder_are_refused(tmp_path):
    with locked(tmp_path), pytest.raises(CheckpointError, match="another training is at work"):
        train(TINY, tmp_path)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"\xff" * 100])
def test_truncated_weights_are_refused(run, tmp_path, damage):
    copy = tmp_path / "run"
    copy.mkdir()
    for file in ("recipe.yaml", WEIGHTS):
        (copy / file).write_bytes((run.run / file).read_bytes())
    (copy / WEIGHTS).write_bytes(damage((copy / WEIGHTS).read_bytes()))
    with pytest.raises(CheckpointError, match=WEIGHTS):
        load_run(copy)


def test_weights_of_another_network_are_refused(run, tmp_path):
    copy = tmp_path / "run"
    copy.mkdir()
    text = (run.run / "recipe.yaml").read_text()
    (copy / "recipe.yaml").write_text(text.replace("head_channels: 8", "head_channels: 12"))
    (copy / WEIGHTS).write_bytes((run.run / WEIGHTS).read_bytes())
    with pytest.raises(CheckpointError, match="another network"):
        load_run(copy)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"\xff" * 100])
def test_a_truncated_training_checkpoint_is_refused(run, tmp_path, damage):
    copy = tmp_path / "run"
    copy.mkdir()
    for file in ("recipe.yaml", "float.ckpt", LAST_CHECKPOINT):
        (copy / file).write_bytes((run.run / file).read_bytes())
    (copy / LAST_CHECKPOINT).write_bytes(damage((copy / LAST_CHECKPOINT).read_bytes()))
    with pytest.raises(CheckpointError, match=LAST_CHECKPOINT):
        train(TINY, copy, resume=True)


def test_an_unfinished_or_missing_run_is_refused(run, tmp_path):
    with pytest.raises(CheckpointError, match="no such run"):
        load_run(tmp_path / "nothing")
    (tmp_path / "recipe.yaml").write_text((run.run / "recipe.yaml").read_text())
    with pytest.raises(CheckpointError, match="not finished"):
        load_run(tmp_path)


def test_a_missing_data_folder_stops_before_training(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        train(TINY, tmp_path / "run", overrides=["data.set=voc", f"data.path={tmp_path}/nowhere"])
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_shipped_run_is_of_the_shipped_recipe_and_detects_as_well_as_it_states():
    recipe, network = load_run("codenet-digits")
    assert recipe == load_recipe("codenet-digits")
    stated = load_result(find_run("codenet-digits"))
    reached = evaluate_network(network, recipe, validation_set(recipe))
    assert reached.ap50 == pytest.approx(stated.ap50, abs=5e-4)


def sample(boxes, labels, difficult=None, size=32):
    return Sample(
        name="s",
        image=np.zeros((3, size, size), np.uint8),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        labels=np.array(labels, np.int64),
        difficult=np.array(difficult or [False] * len(labels), bool),
    )


def test_targets_mark_the_cell_of_each_centre():
    batch = make_batch([sample([[4, 8, 14, 28], [0, 0, 4, 4]], [2, 0]), sample([], [])], classes=3, stride=4)
    assert batch.heat.shape == (2, 3, 8, 8)
    assert (batch.heat == 1).nonzero().tolist() == [[0, 0, 0, 0], [0, 2, 4, 2]]
    assert batch.cells[0].tolist() == [4 * 8 + 2, 0]
    assert batch.size[0].tolist() == [[2.5, 5.0], [1.0, 1.0]]
    assert batch.offset[0].tolist() == [[0.25, 0.5], [0.5, 0.5]]
    assert batch.mask.tolist() == [[1, 1], [0, 0]]


def test_difficult_objects_are_not_trained_on():
    batch = make_batch([sample([[0, 0, 8, 8], [8, 8, 16, 16]], [0, 1], [True, False])], classes=2, stride=4)
    assert batch.mask.sum() == 1
    assert batch.heat[0, 0].max() == 0


@pytest.mark.parametrize("size", [(3, 3), (8, 8), (10, 4), (2, 15)])
def test_the_gaussian_radius_keeps_the_overlap_and_the_next_does_not(size):
    w, h = size

    def worst(r):
        grown = w * h / ((w + 2 * r) * (h + 2 * r))
        shrunk = max(w - 2 * r, 0) * max(h - 2 * r, 0) / (w * h)
        common = max(w - r, 0) * max(h - r, 0)
        return min(grown, shrunk, common / (2 * w * h - common))

    radius = gaussian_radius(w, h)
    assert worst(radius) >= 0.7
    assert worst(radius + 1) < 0.7


def test_overlapping_gaussians_keep_the_greater_value_and_stay_inside():
    heat = np.zeros((5, 7))
    splat(heat, 0, 0, 2)
    alone = heat.copy()
    splat(heat, 1, 0, 2)
    assert heat[0, 0] == heat[0, 1] == 1
    assert (heat >= alone).all()
    assert heat[4, 6] == 0


def test_the_focal_loss_is_its_definition():
    logits = torch.linspace(-3, 3, 12, dtype=torch.float64).reshape(1, 1, 3, 4)
    target = torch.linspace(0, 1, 12, dtype=torch.float64).reshape(1, 1, 3, 4)
    p = torch.sigmoid(logits)
    expected = -((1 - p) ** 2 * p.log())[target == 1].sum()
    expected -= (p**2 * (1 - p).log() * (1 - target) ** 4)[target < 1].sum()
    assert float(focal_loss(logits, target)) == pytest.approx(float(expected))


def test_heads_equal_to_the_teachers_lose_nothing_and_others_the_divergence():
    batch = make_batch([sample([[4, 8, 14, 28]], [0])], classes=1, stride=4)
    generator = torch.Generator().manual_seed(0)
    mine, theirs = (
        Heads(*(torch.randn(1, channels, 8, 8, generator=generator) for channels in (1, 2, 2))) for _ in range(2)
    )
    assert float(distillation_loss(theirs, theirs, batch)) == pytest.approx(0, abs=1e-5)
    p, q = torch.sigmoid(theirs.heat), torch.sigmoid(mine.heat)
    expected = (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()).sum()
    expected += 0.1 * (mine.size - theirs.size)[0, :, 4, 2].abs().sum()
    expected += (mine.offset - theirs.offset)[0, :, 4, 2].abs().sum()
    assert float(distillation_loss(mine, theirs, batch)) == pytest.approx(float(expected), rel=1e-4)


def test_sizes_and_offsets_are_compared_at_the_centres_only():
    batch = make_batch([sample([[4, 8, 14, 28]], [0])], classes=1, stride=4)
    heat = torch.full((1, 1, 8, 8), -30.0)
    heat[0, 0, 4, 2] = 30.0
    size, offset = torch.full((1, 2, 8, 8), 99.0), torch.full((1, 2, 8, 8), 99.0)
    size[0, :, 4, 2] = torch.tensor([2.5, 4.0])
    offset[0, :, 4, 2] = torch.tensor([0.5, 0.5])
    loss = {name: float(part) for name, part in detection_loss(Heads(heat, size, offset), batch).items()}
    assert loss == pytest.approx({"heat": 0, "size": 0.1 * 1.0, "offset": 1.0 * 0.25}, abs=1e-5)


def found(boxes, labels, scores):
    return Boxes(np.array(boxes, float).reshape(-1, 4), np.array(scores, float), np.array(labels, int))


def test_precision_of_hits_misses_and_ignored_objects():
    truth = [sample([[0, 0, 10, 10], [20, 20, 30, 30]], [0, 1], [False, False]), sample([[5, 5, 9, 9]], [1], [True])]
    right = [found([[0, 0, 10, 10], [20, 20, 30, 30]], [0, 1], [0.9, 0.8]), found([[5, 5, 9, 9]], [1], [0.99])]
    assert average_precision(right, truth, ("a", "b")).ap == pytest.approx(1)
    assert average_precision([found([], [], []), found([], [], [])], truth, ("a", "b")).ap50 == 0
    half = [found([[0, 0, 10, 10]], [0], [0.9]), found([], [], [])]
    assert average_precision(half, truth, ("a", "b")).ap50 == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("height", "ap50", "ap"), [(9.7, 1, 1.0), (8.2, 1, 0.7), (7.2, 1, 0.5), (5.2, 1, 0.1), (4, 0, 0)]
)
def test_precision_is_the_mean_over_ten_overlaps_that_a_box_has_or_has_not(height, ap50, ap):
    truth = [sample([[0, 0, 10, 10]], [0])]
    precision = average_precision([found([[0, 0, 10, height]], [0], [0.9])], truth, ("a",))
    assert (precision.ap50, precision.ap) == pytest.approx((ap50, ap))


def test_precision_is_the_mean_over_classes():
    truth = [sample([[0, 0, 10, 10], [20, 20, 30, 30]], [0, 1])]
    precision = average_precision([found([[0, 0, 10, 10]], [0], [0.9])], truth, ("a", "b"))
    assert (precision.ap50, precision.ap) == pytest.approx((0.5, 0.5))


def test_an_epochs_order_depends_on_seed_and_epoch_alone():
    first, second = EpochShuffle(50, seed=1), EpochShuffle(50, seed=1)
    list(first)
    for sampler in (first, second):
        sampler.set_epoch(3)
    assert list(first) == list(second)
    assert sorted(first) == list(range(50))
    second.set_epoch(4)
    assert list(first) != list(second)
    assert list(EpochShuffle(50, seed=2)) != list(EpochShuffle(50, seed=1))


def test_the_devices_of_a_training_share_each_epoch_without_overlap():
    parts = [list(EpochShuffle(51, 1, rank, processes=2)) for rank in (0, 1)]
    assert [len(part) for part in parts] == [25, 25]
    assert len(set(parts[0]) | set(parts[1])) == 50


def test_a_batch_that_devices_cannot_share_is_refused():
    recipe = load_recipe(TINY)
    loader = train_loader(training_set(recipe), recipe, processes=2)
    assert loader.batch_size == recipe.training.batch_size // 2
    with pytest.raises(RecipeError, match="8 images cannot be divided among 3 devices"):
        train_loader(training_set(recipe), recipe, processes=3)


def test_the_learning_rate_rises_for_a_tenth_and_falls_to_zero():
    factors = [learning_rate_factor(step, 100) for step in range(101)]
    assert factors[9] == 1 == max(factors)
    assert factors[0] == pytest.approx(0.1)
    assert factors[100] == pytest.approx(0)


def test_the_learning_rate_falls_along_half_a_cosine():
    factors = [learning_rate_factor(step, 100) for step in (10, 25, 40, 55, 70, 85, 100)]
    assert factors == pytest.approx([1, (2 + 3**0.5) / 4, 0.75, 0.5, 0.25, (2 - 3**0.5) / 4, 0])


def test_the_learning_rate_has_fallen_to_zero_when_a_phase_ends(run):
    (schedule,) = torch.load(run.run / FLOAT_CHECKPOINT, weights_only=True)["lr_schedulers"]
    assert schedule["last_epoch"] == FLOAT_STEPS
    assert schedule["_last_lr"] == pytest.approx([0, 0])


def test_only_what_has_several_dimensions_decays():
    recipe = load_recipe(TINY, overrides=["training.weight_decay=0.5"])
    network = float_network(recipe)
    task = TrainingTask(network, recipe, recipe.training.float_phase, total_steps=1)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = task.configure_optimizers()["optimizer"]
    rate = optimizer.param_groups[0]["lr"]
    optimizer.step()
    kinds = {p.ndim > 1 for p in before.values() if p.any()}
    assert kinds == {True, False}
    for name, parameter in network.named_parameters():
        kept = 1 - 0.5 * rate if parameter.ndim > 1 else 1
        torch.testing.assert_close(parameter.detach(), before[name] * kept, msg=name)


def test_a_full_disk_is_reported_with_the_checkpoint_and_leaves_the_older_one(tmp_path):
    class Trainer:
        def save_checkpoint(self, path):
            path.write_text("half of it")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/lightning")

    (tmp_path / "last.ckpt").write_text("whole")
    with pytest.raises(OSError, match="No space left") as caught:
        SaveEveryEpoch(tmp_path / "last.ckpt").on_train_epoch_end(Trainer(), None)
    assert caught.value.filename == str(tmp_path / "last.ckpt")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"]


def copied(run, folder, *names):
    """A run folder with the recipe and some files of another."""
    folder.mkdir()
    for name in ("recipe.yaml", *names):
        (folder / name).write_bytes((run.run / name).read_bytes())
    return folder


@pytest.mark.parametrize("broken", [WEIGHTS, RESULT])
def test_a_finished_run_whose_files_are_empty_is_finished_again_from_its_checkpoints(run, tmp_path, broken):
    copy = copied(run, tmp_path / "run", FLOAT_CHECKPOINT, LAST_CHECKPOINT, WEIGHTS, RESULT)
    (copy / broken).write_bytes(b"")
    assert train(TINY, copy, resume=True).ap50 == run.ap50
    assert (copy / WEIGHTS).read_bytes() == (run.run / WEIGHTS).read_bytes()
    assert load_result(copy).ap50 == run.ap50


CHANGES = {
    "a list": lambda c: [1],
    "epoch 10^9": lambda c: c.update(epoch=10**9),
    "counters of epoch 10^9": lambda c: c["loops"]["fit_loop"]["epoch_progress"]["current"].update(processed=10**9),
    "another optimizer": lambda c: c["optimizer_states"][0]["state"][0].update(exp_avg=torch.zeros(7)),
    "no weights": lambda c: c.update(state_dict=[1]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_checkpoint_that_says_what_cannot_be_is_refused(run, tmp_path, change):
    copy = copied(run, tmp_path / "run", FLOAT_CHECKPOINT)
    content = torch.load(copy / FLOAT_CHECKPOINT, weights_only=True)
    torch.save(change(content) or content, copy / FLOAT_CHECKPOINT)
    with pytest.raises(CheckpointError, match=FLOAT_CHECKPOINT):
        train(TINY, copy, resume=True)


def test_the_progress_of_a_checkpoint_that_cannot_be_is_told(tmp_path):
    file = tmp_path / "far.ckpt"
    torch.save({"state_dict": {}, "epoch": 1_234_567, "global_step": 10**40}, file)
    with pytest.raises(CheckpointError, match="is of epoch 1,234,567, step int: there are 3 of 4 steps"):
        check_progress(file, torch.nn.Linear(1, 1), epochs=3, batches=4)


def test_a_training_that_diverges_says_where_and_saves_nothing_of_that_epoch(run, tmp_path, monkeypatch):
    original, steps = TrainingTask.training_step, []

    def diverging(self, *arguments):
        steps.append(1)
        outputs = original(self, *arguments)
        return outputs | {"loss": outputs["loss"] * (float("nan") if len(steps) == 5 else 1)}

    monkeypatch.setattr(TrainingTask, "training_step", diverging)
    with pytest.raises(TrainingError, match=r"training\.float_phase: .* epoch 2, step 5: the loss .*below 0\.001"):
        train(TINY, tmp_path / "run")
    saved = torch.load(tmp_path / "run" / FLOAT_CHECKPOINT, weights_only=True)
    assert saved["epoch"] == 0 and not any(torch.isnan(value).any() for value in saved["state_dict"].values())
    assert not (tmp_path / "run" / RESULT).exists()


@pytest.mark.parametrize("text", ["[]", "{}", '{"seconds": "1"}', '{"seconds": NaN}', '{"seconds": 1, "other": 2}'])
def test_a_malformed_result_is_refused(tmp_path, text):
    (tmp_path / RESULT).write_text(text)
    with pytest.raises(CheckpointError, match="missing or malformed"):
        load_result(tmp_path)
