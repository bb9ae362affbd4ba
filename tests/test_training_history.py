"""Phases that end early, best weights, weights to begin with, and processes that read images."""

import json
import shutil

import pytest
import safetensors.torch
import torch

from codesign.cli.main import status
from codesign.data import training_set
from codesign.data.precision import Precision
from codesign.errors import CheckpointError
from codesign.nn.network import float_network
from codesign.recipe import load_recipe
from codesign.training import train
from codesign.training.history import HISTORY, load_history, of_phase
from codesign.training.initial import begin_with
from codesign.training.run import BEST, FLOAT_CHECKPOINT, INITIAL, RESULT, WEIGHTS, load_float_run
from codesign.training.task import TrainingTask, precision_of, train_loader
from codesign.training.workers import workers_for
from tests.made_once import RECIPES

TINY = RECIPES / "tiny.yaml"

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side


@pytest.fixture(autouse=True)
def cache(monkeypatch, cache_folder):
    monkeypatch.setenv("CODESIGN_CACHE", str(cache_folder))


def scripted(monkeypatch, *figures):
    """Looks at the validation set during training find these, in this order."""
    left = iter(figures)
    monkeypatch.setattr("codesign.training.watch.evaluate_network", lambda *_: Precision(0.5, next(left)))


@pytest.mark.parametrize("batch_norm", ["kept", "folded"])
def test_a_phase_that_gets_no_better_ends_early_with_its_best_weights_and_resumes_as_ended(
    batch_norm, tmp_path, monkeypatch
):
    run, settings = tmp_path / "run", ["training.patience=1", "training.keep=best", "training.ema=0.9"]
    settings.append(f"training.batch_norm={batch_norm}")
    scripted(monkeypatch, 0.5, 0.4, 0.1, 0.3, 0.2)
    train(TINY, run, overrides=settings)
    history = load_history(run)
    assert [(one.phase[0], one.epoch, one.measured["ap"]) for one in history] == [
        ("f", 1, 0.5), ("f", 2, 0.4), ("q", 1, 0.1), ("q", 2, 0.3), ("q", 3, 0.2)
    ]  # fmt: skip
    kept, best = ((run / name).read_bytes() for name in (WEIGHTS, BEST["quantized_phase"]))
    assert (kept == best) == (batch_norm == "folded")  # else the best weights still have their batch norms
    for name in (RESULT, WEIGHTS):
        (run / name).unlink()
    monkeypatch.setattr(TrainingTask, "training_step", lambda *_: pytest.fail("trains what has ended"))
    train(TINY, run, resume=True, overrides=settings)
    assert (run / WEIGHTS).read_bytes() == kept and load_history(run) == history


def test_a_phase_that_ended_early_is_not_gone_on_with(tmp_path, monkeypatch):
    run = tmp_path / "run"
    settings = ["training.patience=1", "training.keep=best", "training.quantized_phase=null", "data.train_images=8"]
    scripted(monkeypatch, 0.5, 0.4)
    train(TINY, run, overrides=settings)
    history = load_history(run)
    assert [one.epoch for one in history] == [1, 2] and (run / BEST["float_phase"]).is_file()
    (run / RESULT).unlink()
    monkeypatch.setattr(TrainingTask, "training_step", lambda *_: pytest.fail("trains what has ended"))
    train(TINY, run, resume=True, overrides=settings)
    assert (run / RESULT).is_file() and load_history(run) == history


def test_an_interrupted_epoch_leaves_no_trace_in_the_history(tiny_run, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for name in ("recipe.yaml", FLOAT_CHECKPOINT):
        shutil.copyfile(tiny_run / name, run / name)
    whole = json.loads((tiny_run / HISTORY).read_text())
    stale = {**whole[3], "loss": {"loss": 99.0}}  # written, but its checkpoint was not
    (run / HISTORY).write_text(json.dumps([*whole[:3], stale]))
    train(TINY, run, resume=True)
    assert [one.epoch for one in load_history(run)] == [1, 2, 3, 1, 2, 3]
    assert [one.loss for one in load_history(run)] == [pytest.approx(one["loss"], rel=1e-3) for one in whole]


def test_validation_is_looked_at_every_so_many_epochs_and_at_the_end(tmp_path):
    settings = ["training.validate_every=2", "training.quantized_phase=null"]
    train(TINY, tmp_path / "run", overrides=settings)
    assert [bool(one.measured) for one in load_history(tmp_path / "run")] == [False, True, True]
    assert of_phase(load_history(tmp_path / "run"), "quantized_phase") == ()


def test_a_training_begins_with_the_weights_it_is_given_and_keeps_them_for_resuming(tiny_run, tmp_path, monkeypatch):
    seen, said = [], []

    def first(self, *arguments):
        seen.append({name: value.detach().clone() for name, value in self.network.state_dict().items()})
        raise RuntimeError("seen enough")

    monkeypatch.setattr(TrainingTask, "training_step", first)
    options = {"overrides": ["seed=11"]}
    with pytest.raises(RuntimeError, match="seen enough"):
        train(TINY, tmp_path / "run", weights=tiny_run, tell=said.append, **options)
    with pytest.raises(RuntimeError, match="seen enough"):
        train(TINY, tmp_path / "run", resume=True, **options)
    _, trained = load_float_run(tiny_run)
    for state in seen:
        assert all(torch.equal(state[name], value) for name, value in trained.state_dict().items())
    (line,) = said
    count = len(list(trained.parameters()))
    assert line.startswith(f"begins with {count} of {count} tensors from ") and line.endswith(FLOAT_CHECKPOINT)


def test_other_classes_and_sizes_take_what_fits_and_the_rest_is_told(tiny_run, tmp_path):
    recipe = load_recipe(TINY, ["model.classes=[cat, dog]", "data.image_size=[32, 64]"])
    network = float_network(recipe)
    before = network.heads["heat"].output.conv.weight.clone()
    begun = begin_with(network, tiny_run, tmp_path)
    assert begun.left == ("heads.heat.output.conv.weight (there 10x8x1x1)", "heads.heat.output.conv.bias (there 10)")
    assert torch.equal(network.heads["heat"].output.conv.weight, before)
    assert str(begun).endswith("; new: " + ", ".join(begun.left))
    assert set(safetensors.torch.load_file(tmp_path / INITIAL)) >= set(begun.taken)


def test_weights_of_a_file_are_found_under_the_names_that_training_programs_give_them(tmp_path):
    recipe = load_recipe(TINY)
    network, other = float_network(recipe), float_network(recipe)
    named = {f"module.{name}": value for name, value in other.state_dict().items()}
    torch.save({"epoch": 3, "model": {**named, "note": "text"}}, tmp_path / "other.pth")
    begun = begin_with(network, tmp_path / "other.pth", tmp_path)
    assert not begun.left
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no weights", "holds no weights that can be read"),
        ({"strange": torch.zeros(3)}, "none of its tensors has the name and the shape"),
        ([1, 2], "holds no weights by name"),
        ({"heads.heat.output.conv.bias": torch.full((10,), torch.nan)}, "holds what is no number"),
    ],
)
def test_weights_that_cannot_be_begun_with_are_refused(tmp_path, content, said, capfd):
    file = tmp_path / "weights.pt"
    file.write_bytes(content) if isinstance(content, bytes) else torch.save(content, file)
    with pytest.raises(CheckpointError, match=said):
        begin_with(float_network(load_recipe(TINY)), file, tmp_path)
    assert not (tmp_path / INITIAL).exists()


def test_there_must_be_a_run_to_resume(tmp_path, capfd):
    assert status(["train", str(TINY), "--resume", "--out", str(tmp_path / "run")]) == 2
    assert "there is no run to resume" in capfd.readouterr().err
    assert not (tmp_path / "run").exists()


def test_processes_that_read_images_give_the_same_batches_as_none():
    recipe = load_recipe(TINY, ["training.augmentation={mirror: true}"])
    dataset = training_set(recipe)
    batches = {}
    for workers in (0, 2):
        loader = train_loader(dataset, recipe, workers=workers)
        loader.sampler.set_epoch(1)
        batches[workers] = list(loader)
        assert loader.num_workers == workers
    for one, other in zip(batches[0], batches[2], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("cached", "augmented", "processes", "cpus", "expected"),
    [
        (True, False, 1, 8, 0),  # nothing to do
        (True, True, 1, 8, 8),
        (False, False, 1, 32, 8),
        (False, False, 4, 16, 4),  # each training process has its part
        (False, True, 2, 2, 0),
    ],
)
def test_so_many_processes_read_images_as_are_of_use(monkeypatch, cached, augmented, processes, cpus, expected):
    class Set:
        size = (64, 64)

        def __len__(self):
            return 10_000

    Set.cached = cached
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cpus)))
    assert workers_for(Set(), augmented=augmented, processes=processes) == expected
    assert workers_for(Set(), augmented=augmented, processes=processes, asked=3) == 3


@pytest.mark.parametrize("there", [False, True])
def test_precision_is_mixed_where_a_device_gains_by_it(monkeypatch, there):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: there)
    recipe = load_recipe(TINY, ["training.precision=16-mixed"])
    assert precision_of(recipe) == ("16-mixed" if there else "32-true")
