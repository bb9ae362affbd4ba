"""Classifiers from recipe to hardware: what they count, how they train, that every back end gives the same class."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from codesign.api.detect import TABLE, detect
from codesign.api.evaluate import evaluate
from codesign.api.export import export
from codesign.api.report import report
from codesign.api.verify import verify
from codesign.build_folder import open_build
from codesign.cli.main import status
from codesign.data import validation_set
from codesign.errors import RecipeError
from codesign.nn.count import count
from codesign.nn.fold import fold_batch_norm, folded
from codesign.nn.layers import GlobalAverage
from codesign.nn.network import conv_units, float_network, quantized_network
from codesign.recipe import load_recipe
from codesign.tasks import task_of
from codesign.training import load_run, train
from codesign.training.metrics import evaluate_network
from codesign.training.run import WEIGHTS
from codesign.training.task import TrainingTask
from tests.made_once import RECIPES, made_once
from tests.stages import OF_A_RUN

TINY = RECIPES / "tiny-resnet.yaml"
RESNET_18 = (
    "model.stages=[{channels: 64, blocks: 2}, {channels: 128, blocks: 2}, {channels: 256, blocks: 2}, "
    "{channels: 512, blocks: 2}]"
)
SMALL = {
    "resnet": [],
    "mobilenet": ["model={kind: mobilenet, stem: {channels: 4}, blocks: [{channels: 6, stride: 2}, {channels: 5}]}"],
    "resnext": [
        "model={kind: resnext, stem: {channels: 4}, stages: [{width: 4, channels: 6, blocks: 2}], groups: {size: 2}}"
    ],
    "vgg": ["model={kind: vgg, stages: [{channels: 4}, {channels: 6, convolutions: 1}]}"],
}


def test_mobilenet_counts_as_published():
    """Howard et al., table 4: 569 million mult-adds, 4.2 million parameters."""
    found = count(load_recipe("mobilenet"))
    assert (found.macs, found.parameters) == (568_740_352, 4_231_976)


@pytest.mark.parametrize(
    ("name", "settings", "weights", "macs"),
    [
        ("vgg-small", [], 4_571_136, 603_979_776),
        ("resnet-20", [], 267_264, 40_108_032),
        ("resnet-20", [RESNET_18], 10_985_472, 547_356_672),
    ],
)
def test_dense_3x3_convolutions_behind_the_stem_count_as_the_layers_shapes_say(name, settings, weights, macs):
    recipe = load_recipe(name, settings)
    shapes = {path: unit.conv.weight for path, unit in conv_units(float_network(recipe)).items()}
    inner = [block for block in count(recipe).blocks if shapes[block.name].shape[2] == 3][1:]
    assert (sum(shapes[b.name].numel() for b in inner), sum(b.macs for b in inner)) == (weights, macs)


@pytest.mark.parametrize("kind", SMALL)
def test_both_forms_of_a_network_share_module_paths_and_folding_changes_no_score(kind):
    recipe = load_recipe(TINY, SMALL[kind])
    torch.manual_seed(0)
    trained, quantized = float_network(recipe), quantized_network(recipe)
    assert conv_units(trained).keys() == conv_units(quantized).keys()
    images = torch.rand(4, 3, 16, 16)
    for _ in range(9):
        trained.raw_heads(images)
    trained.eval()
    scores = trained(images).scores
    fold_batch_norm(trained, quantized)
    for path, unit in conv_units(trained).items():
        weight, bias = map(torch.nn.Parameter, folded(unit))
        torch.testing.assert_close(conv_units(quantized)[path].conv.weight, weight)
        unit.conv.weight, unit.conv.bias, unit.norm = weight, bias, None
    assert scores.shape == (4, 10, 1, 1)
    torch.testing.assert_close(trained(images).scores, scores, rtol=1e-3, atol=1e-4)


def test_an_average_of_a_map_without_a_power_of_two_of_pixels_is_a_constant_factor_less():
    x = torch.rand(2, 3, 7, 7)
    torch.testing.assert_close(GlobalAverage(7, torch.nn.Identity())(x), x.mean((2, 3), keepdim=True) * 49 / 64)
    x = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(GlobalAverage(4, torch.nn.Identity())(x), x.mean((2, 3), keepdim=True))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["task=detection"], "a resnet is for classification: task must be classification"),
        (["model.kind=alexnet"], "no network 'alexnet'; known: codenet, mobilenet, resnet, resnext, vgg"),
        (["model.stages.0.chanels=3"], r"model\.stages\.0\.chanels: unknown key; did you mean 'channels'\?"),
        (["training.fractional_first=true"], "has no dilations"),
        (["training.augmentation={scale: [1.0, 2.0]}"], "must stay below 2"),
        (["data.image_size=16", "model.stages=" + str([{"channels": 4, "blocks": 1}] * 6)], "is no multiple of 32"),
    ],
)
def test_recipes_that_cannot_be_are_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        load_recipe(TINY, settings)


@pytest.fixture(scope="session")
def run(common_folder):
    """A trained run of the smallest residual network. Read only."""
    return made_once(common_folder / "classifier", lambda making: train(TINY, making))


@pytest.fixture(scope="session")
def build(common_folder, run):
    """Its build. Read only, but for what verification and report add."""
    return open_build(made_once(common_folder / "classifier-build", lambda making: export(run, making)))


def test_an_interrupted_training_resumes_to_the_same_bits(run, tmp_path, monkeypatch):
    original, steps = TrainingTask.training_step, []

    def interrupted(self, *arguments):
        steps.append(1)
        if len(steps) == 14:  # of 4 epochs of 4 steps, in the last
            raise KeyError("a kill")
        return original(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingTask, "training_step", interrupted)
        with pytest.raises(KeyError):
            train(TINY, tmp_path / "run")
    resumed = train(TINY, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / WEIGHTS).read_bytes() == (run / WEIGHTS).read_bytes()
    assert resumed.accuracy == json.loads((run / "result.json").read_text())["accuracy"]


def test_distillation_and_augmentation_train_a_classifier_too(tmp_path):
    settings = ["training.distillation={}", "training.augmentation={mirror: false}", "training.ema=0.9"]
    settings += [f"training.{phase}_phase.epochs=1" for phase in ("float", "quantized")]
    assert train(TINY, tmp_path / "run", overrides=settings).accuracy is not None


def test_the_stated_accuracy_is_that_of_the_saved_network(run):
    recipe, network = load_run(run)
    found = evaluate_network(network, recipe, validation_set(recipe))
    result = json.loads((run / "result.json").read_text())
    assert set(result) == {"seconds", "threads", "accuracy", "float_accuracy"}
    assert round(found.accuracy, 4) == result["accuracy"] > 0.1


@pytest.mark.slow
def test_every_stage_of_a_residual_network_is_exact(build):
    verdict = verify(build, images=2)
    shown = {stage.name: stage.tensors for stage in verdict.stages}
    assert verdict.exact and set(shown) == set(OF_A_RUN)
    assert shown["rtl"] == len(build.graph.types)
    assert {"add", "avgpool"} <= {node.op.kind for node in build.graph.nodes}


def test_back_ends_reach_the_same_accuracy(run, build, capsys):
    stated = json.loads((run / "result.json").read_text())["accuracy"]
    for backend in ("torch", "graph", "onnx"):
        assert round(evaluate(build, backend=backend).accuracy, 4) == stated
    assert status(["eval", str(build.path), "--backend", "onnx", "--limit", "8"]) == 0
    assert "accuracy 0." in capsys.readouterr().out


def test_classes_that_the_hardware_chooses_are_as_right_as_its_scores(run, tmp_path, capfd):
    chosen = export(run, tmp_path / "build", argmax=2).folder
    stated = json.loads((run / "result.json").read_text())["accuracy"]
    for backend in ("torch", "graph", "onnx"):
        assert round(evaluate(chosen, backend=backend).accuracy, 4) == stated
    verdict = verify(chosen, images=2, stages=["brevitas", "qonnx", "onnxruntime", "graph", "tail"])
    assert verdict.exact
    assert "#define ACCELERATOR_INDICES 1" in (chosen.driver / "design.h").read_text()
    Image.fromarray(np.full((16, 16, 3), 99, np.uint8)).save(tmp_path / "grey.png")
    ((found,),) = (one.found for one in detect(chosen, tmp_path / "grey.png", tmp_path / "out"))
    assert found["next"] != found["class"]
    assert status(["detect", str(chosen.path), str(tmp_path / "grey.png"), "--out", str(tmp_path / "told")]) == 0
    assert f"grey.png: {found['class']}, then {found['next']}" in capfd.readouterr().out


def test_the_report_shows_images_with_the_class_that_the_hardware_gives(build):
    page = report(build, html=True).page.read_text()
    assert "Accuracy" in page and "AP50" not in page
    recipe = load_recipe(build.run / "recipe.yaml")
    image = validation_set(recipe)[0].image
    _, network = load_run(build.run)
    scores = network(torch.from_numpy(image[None]) / 256).scores.detach().numpy()[0]
    task = task_of(recipe)
    found = task.decode({"scores": scores}, {"scores": 1.0}, recipe)
    (mark,) = task.marks(found, recipe.model.classes, recipe.data.size)
    assert mark.label in page


def test_detect_names_the_class_of_every_picture(build, tmp_path, capfd):
    rng = np.random.default_rng(0)
    for name, shape in (("a.png", (16, 16, 3)), ("b.png", (9, 30, 3))):
        Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(tmp_path / name)
    results = detect(build, tmp_path, tmp_path / "out")
    assert status(["detect", str(build.path), str(tmp_path), "--out", str(tmp_path / "told")]) == 0
    told = capfd.readouterr().out
    for result in results:
        (found,) = result.found
        assert f"{result.file.name}: {found['class']} {found['probability']:.2f}" in told
    assert detect(build, tmp_path, tmp_path / "sure", score=1.0)[0].found == ()
    rows = (tmp_path / "out" / TABLE).read_text().splitlines()
    assert rows[0] == "file,class,probability" and len(rows) == 3


def test_without_a_recipe_a_classifier_is_told_by_its_output(build, tmp_path):
    foreign = shutil.copytree(build.path, tmp_path / "build", ignore=shutil.ignore_patterns("run"))
    Image.fromarray(np.full((16, 16, 3), 99, np.uint8)).save(tmp_path / "grey.png")
    ((own,), (other,)) = (
        detect(folder, tmp_path / "grey.png", tmp_path / f"out{number}", changed=True)
        for number, folder in enumerate((build, foreign))
    )
    assert own.found == other.found  # its classes are digits, which are numbers


def test_the_first_of_equal_scores_wins():
    task = task_of(load_recipe(TINY))
    found = task.decode({"scores": np.array([1, 5, 5, -2]).reshape(4, 1, 1)}, {"scores": 0.25}, load_recipe(TINY))
    assert found.label == 1
    assert found.probability == pytest.approx(1 / (2 + np.exp(-1.0) + np.exp(-7 / 4)))


def test_a_network_without_training_is_built_with_random_weights(tmp_path):
    made = export(TINY, tmp_path / "build", random_weights=True, overrides=SMALL["vgg"])
    assert [node.op.kind for node in made.folder.graph.nodes][-2:] == ["linear", "requant"]
