"""The command line: help, exit statuses, one line for every mistake, nothing half-written."""

import errno
import functools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest

from codesign.cli.main import build_command, status
from codesign.places import build_folder
from tests.onnx_nets import QonnxNet

RECIPE = Path(__file__).parent / "recipes" / "tiny.yaml"
COMMANDS = (
    "summary",
    "train",
    "quantize",
    "eval",
    "export",
    "verify",
    "report",
    "detect",
    "simulate",
    "synth",
    "build",
    "targets",
    "ablate",
    "demo",
    "new",
)
PROGRAM = (sys.executable, "-c", "from codesign.cli.main import main; main()")


@pytest.fixture(autouse=True)
def cache(monkeypatch, cache_folder):
    monkeypatch.setenv("CODESIGN_CACHE", str(cache_folder))


def mistake(capfd, *arguments):
    """Runs a command that must end with status 2 and gives its one line."""
    assert status([str(argument) for argument in arguments]) == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("codesign: error: ")
    return lines[0]


def test_help_is_fast_and_lists_every_command():
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    text = subprocess.run([*PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(f" {command} " in text for command in COMMANDS)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 0.7


def test_help_imports_nothing_heavy():
    code = "import sys; from codesign.cli.main import status; status(['--help']); print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "onnx", "numpy", "onnxruntime", "hls4ml"} & set(printed.splitlines()[-1].split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capfd):
    assert status([command, "--help"]) == 0
    text = capfd.readouterr().out
    assert "Usage:" in text
    assert len(text.splitlines()) > 4


def test_targets_are_listed(capfd):
    assert status(["targets"]) == 0
    assert "pynq-z2" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("export",), "Missing argument"),
        (("export", "x"), "no such run folder"),
        (("fly",), "No such command 'fly'"),
        (("verify", "nowhere", "--images", "0"), "'0' is no whole number from 1 to 1,000,000"),
        (("verify", "nowhere"), "nowhere: is not a build folder"),
        (("report", "nowhere"), "is not a build folder"),
        (("simulate", "nowhere"), "is not a build folder"),
        (("eval", "nowhere"), "no such run folder"),
        (("export", "nowhere", "--out", "x"), "no such run folder"),
        (("export", "codenet-b", "--out", "x"), "or add --random-weights to build it untrained"),
        (("train", "nowhere.yaml"), "nowhere.yaml: no such recipe"),
        (("summary", "nowhere"), "nowhere: no such recipe"),
        (("quantize", "nowhere", "--out", "x"), "no such run folder"),
        (("quantize", "codenet-digits", "--out", "x"), "holds no floating-point network"),
        (("ablate", "--operator", "fancy"), "unknown operator 'fancy'"),
        (("recipe", "nothing.like.it"), "no such key"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_one_line(arguments, text, capfd):
    assert text in mistake(capfd, *arguments)


def test_what_is_written_unasked_goes_into_folders_by_name(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = QonnxNet(1, 2, 4, 4)
    onnx.save(net.model(net.quant(net.quant("image"), 0.25)), tmp_path / "small.qonnx.onnx")
    assert status(["export", "small.qonnx.onnx", "--target", "arty-a7-100t"]) == 0
    assert (tmp_path / "builds" / "small" / "manifest.json").is_file()
    said = capfd.readouterr().out
    assert "build folder: builds/small" in said and "no board package: none is known for arty-a7-100t" in said
    assert status(["export", "small.qonnx.onnx", "--json"]) == 0  # an older build is replaced
    assert json.loads(capfd.readouterr().out)["build"] == "builds/small"
    (tmp_path / "builds" / "plain_relu").mkdir()
    (tmp_path / "builds" / "plain_relu" / "thesis.tex").write_text("ten years of work")
    plain_relu(tmp_path / "plain_relu.onnx")
    assert "holds something that is not a build" in mistake(capfd, "export", "plain_relu.onnx")


def test_a_failed_export_leaves_no_folder(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain_relu(tmp_path / "net.onnx")
    assert "nothing in it is quantized" in mistake(capfd, "export", "net.onnx")
    assert not (tmp_path / "builds").exists()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("runs/digits", "digits"),
        ("runs/digits/", "digits"),
        ("net.onnx", "net"),
        ("a.b/model.qonnx.onnx", "model"),
        ("found.yaml", "found"),
        ("codenet-digits", "codenet-digits"),
    ],
)
def test_a_build_is_called_like_its_source(source, name):
    assert build_folder(source) == Path("builds") / name


def test_an_unknown_recipe_key_is_named_with_the_nearest_valid_one(tmp_path, capfd):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.read_text().replace("batch_size", "batch_sise"))
    line = mistake(capfd, "train", recipe, "--out", tmp_path / "run")
    assert "recipe.yaml: training.batch_sise: unknown key; did you mean 'batch_size'?" in line
    assert not (tmp_path / "run").exists()


def test_a_missing_data_folder_is_named(tmp_path, capfd):
    settings = ("--set", "data.set=voc", "--set", f"data.path={tmp_path / 'absent'}")
    line = mistake(capfd, "train", RECIPE, *settings, "--out", tmp_path / "run")
    assert str(tmp_path / "absent") in line


def test_a_box_outside_its_image_is_named(tmp_path, capfd, cache_folder, tiny_run):
    (made,) = cache_folder.glob("digits-*-32-24-8-0")
    devkit = Path(shutil.copytree(made, tmp_path / "devkit"))
    annotation = min(devkit.rglob("*.xml"))
    text = annotation.read_text()
    start, end = text.index("<xmax>") + 6, text.index("</xmax>")
    annotation.write_text(f"{text[:start]}999{text[end:]}")
    settings = ("--set", "data.set=voc", "--set", f"data.path={devkit}")
    line = mistake(capfd, "train", RECIPE, *settings, "--out", tmp_path / "run")
    assert annotation.name in line
    assert "999" in line


def test_a_truncated_checkpoint_is_named_and_nothing_is_exported(tmp_path, capfd, tiny_run):
    run = Path(shutil.copytree(tiny_run, tmp_path / "run"))
    weights = run / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "weights.safetensors: is truncated" in mistake(capfd, "export", run, "--out", tmp_path / "build")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def plain_relu(path):
    net = QonnxNet(1, 2, 4, 4)
    onnx.save(net.model(net.op("Relu", "image")), path)
    return path


def unsupported_operator(path):
    net = QonnxNet(1, 2, 4, 4)
    onnx.save(net.model(net.quant(net.op("Softmax", net.quant("image"), name="soft"))), path)
    return path


def too_many_thresholds(path):
    net = QonnxNet(1, 2, 4, 4)
    curve = net.op("Sigmoid", net.quant("image", bits=12))
    onnx.save(net.model(net.quant(curve, 2.0**-12, bits=12)), path)
    return path


def no_onnx_at_all(path):
    path.write_bytes(b"not a protocol buffer")
    return path


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (plain_relu, "nothing in it is quantized"),
        (unsupported_operator, "soft"),
        (too_many_thresholds, "thresholds a channel"),
        (no_onnx_at_all, "net.onnx"),
    ],
)
def test_a_network_that_cannot_be_exact_is_refused_by_name(make, text, tmp_path, capfd):
    line = mistake(capfd, "export", make(tmp_path / "net.onnx"), "--out", tmp_path / "build")
    assert text in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.onnx"]


@pytest.mark.parametrize(("number", "remedy"), [(errno.ENOSPC, "make room on the disk"), (errno.EROFS, "be written")])
def test_what_the_system_refuses_is_said_in_one_line(number, remedy, tmp_path, capfd, tiny_run, monkeypatch):
    def refuse(path, _):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("codesign.api.export.write_bytes", refuse)
    assert status(["export", str(tiny_run), "--out", str(tmp_path / "build")]) == 2
    (line,) = capfd.readouterr().err.strip().splitlines()[-1:]
    assert "model.qonnx.onnx" in line and os.strerror(number) in line and remedy in line
    assert not any(tmp_path.iterdir())


def test_an_unknown_target_is_refused(tmp_path, capfd, tiny_run):
    line = mistake(capfd, "export", tiny_run, "--target", "pynq-z9", "--out", tmp_path / "build")
    assert "unknown target 'pynq-z9'" in line
    assert not any(tmp_path.iterdir())


def test_a_folder_with_other_things_in_it_is_not_replaced(tmp_path, capfd, tiny_run):
    (tmp_path / "thesis.tex").write_text("ten years of work")
    line = mistake(capfd, "export", tiny_run, "--out", tmp_path)
    assert "not a build" in line
    assert (tmp_path / "thesis.tex").read_text() == "ten years of work"


def test_a_missing_compiler_is_said_and_no_verdict_is_written(build_copy, capfd, monkeypatch):
    (build_copy / "verify.json").unlink()
    monkeypatch.setenv("PATH", "/nowhere")
    line = mistake(capfd, "verify", build_copy, "--images", "1")
    assert "g++" in line or "C++ compiler" in line
    assert not (build_copy / "verify.json").exists()


def test_an_interrupted_training_says_what_is_kept(tmp_path, cache_folder, tiny_run):
    command = [
        *PROGRAM,
        "train",
        str(RECIPE),
        "--out",
        str(tmp_path / "run"),
        "--set",
        "training.float_phase.epochs=9999",
    ]
    # A shell's background jobs ignore SIGINT and hand that down; whoever types Ctrl-C does not.
    listens = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ, preexec_fn=listens)
    try:
        deadline = time.monotonic() + 240
        while not (tmp_path / "run" / "float.ckpt").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "codesign: interrupted; the last checkpoint is in" in errors


def test_evaluation_agrees_between_pytorch_and_the_simulated_hardware(build_copy, capfd):
    texts = []
    for backend in ("torch", "rtl"):
        assert status(["eval", str(build_copy), "--backend", backend, "--limit", "4"]) == 0
        texts.append(capfd.readouterr().out.split(" by ")[0])
    assert texts[0] == texts[1]
    assert "on 4 images" in texts[0]


def test_a_simulation_reports_the_predicted_interval_what_binds_and_leaves_waves(tmp_path, capfd):
    net = QonnxNet(1, 2, 6, 6)
    weights = np.arange(8).reshape(4, 2, 1, 1) - 4
    onnx.save(
        net.model(net.quant(net.conv(net.quant("image"), weights, kernel_shape=[1, 1]), signed=1)),
        tmp_path / "net.onnx",
    )
    build, waves = tmp_path / "build", tmp_path / "top.fst"
    assert status(["export", str(tmp_path / "net.onnx"), "--out", str(build)]) == 0
    command = ["simulate", str(build), "--images", "3", "--stalls", "--waves", str(waves)]
    assert status(command) == 0
    text = capfd.readouterr().out
    assert "outputs of 3 frames: exact" in text
    assert f"interval {json.loads((build / 'schedule.json').read_text())['interval_cycles']:,} cycles" in text
    assert "what binds: " in text
    assert waves.stat().st_size > 1000
    assert status([*command, "--json"]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out)["binding"] and printed.err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate", "b", "--images", "1_0"),
        ("simulate", "b", "--stall", "nan"),
        ("verify", "b", "--images", "-1"),
        ("eval", "b", "--limit", "1e3"),
        ("export", "r", "--out", "x", "--fps", "inf"),
        ("export", "r", "--out", "x", "--clock", "0"),
        ("export", "r", "--out", "x", "--max-dsp", "9" * 30),
        ("ablate", "--out", "x", "--seed", "-1"),
        ("search", "r", "--out", "x", "--width", "nan"),
        ("tune", "r", "--group-size", "1_0"),
    ],
    ids=" ".join,
)
def test_numbers_out_of_range_are_refused_by_their_options(arguments, capfd):
    said = mistake(capfd, *arguments)
    assert arguments[-2] in said and "is no" in said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_simulation_and_all_that_it_started(number, code, build_copy, tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    listens = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    command = [*PROGRAM, "simulate", str(build_copy), "--images", "16", "--stall", "0.99"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=listens)
    try:
        deadline = time.monotonic() + 240
        begun = functools.partial(tmp_path.glob, "codesign_rtl_*/run.log")
        while process.poll() is None and not list(begun()) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == code
    assert len(errors.splitlines()) == 1 and errors.startswith("codesign: ")
    assert not list(tmp_path.glob("codesign_rtl_*"))


REAL = {
    "summary": ("summary", "codenet-a"),
    "targets": ("targets",),
    "one target": ("targets", "pynq-z2"),
    "recipes": ("new", "--list"),
    "report": ("report", "BUILD"),
    "compare": ("compare", "BUILD", "BUILD"),
    "verify": ("verify", "BUILD", "--images", "1", "--stages", "graph"),
    "eval": ("eval", "BUILD", "--backend", "graph", "--limit", "2"),
    "simulate": ("simulate", "BUILD"),
    "detect": ("detect", "BUILD", "PICTURE", "--out", "OUT"),
}


@pytest.mark.parametrize("command", REAL)
def test_json_is_one_document_and_nothing_else(command, build_copy, tmp_path, capfd):
    places = {
        "BUILD": build_copy,
        "OUT": tmp_path / "found",
        "PICTURE": Path(__file__).parents[1] / "docs/dilation.png",
    }
    assert status([*(str(places.get(word, word)) for word in REAL[command]), "--json"]) == 0
    printed = capfd.readouterr()
    document = json.loads(printed.out)
    assert document and printed.err == ""
    if command == "verify":
        assert document == json.loads((build_copy / "verify.json").read_text())


def test_every_command_that_prints_figures_takes_json():
    for name, command in build_command().commands.items():
        assert "--json" in {option for parameter in command.params for option in parameter.opts}, name


def test_a_mistake_leaves_standard_output_empty(capfd):
    assert status(["report", "nowhere", "--json"]) == 2
    assert capfd.readouterr().out == ""
