"""Whoever waits sees how far the work is; a pipe sees nothing of it."""

import io
import json
import os
import pty
import re
import subprocess
import sys

import numpy as np
import onnx
import pytest

from codesign.api.export import export
from codesign.api.simulate import simulate
from codesign.cli.console import BARS_AT_ONCE, progress_bars, set_loudness
from codesign.cli.main import status
from tests.made_once import RECIPES
from tests.onnx_nets import QonnxNet

PROGRAM = (sys.executable, "-m", "codesign")


@pytest.fixture
def network(tmp_path):
    net = QonnxNet(1, 2, 6, 6)
    weights = np.arange(8).reshape(4, 2, 1, 1) - 4
    convolved = net.conv(net.quant("image"), weights, kernel_shape=[1, 1])
    onnx.save(net.model(net.quant(convolved, signed=1)), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


class Calls(list):
    def __call__(self, what, done, total):
        self.append((what, done, total))

    def whole(self):
        """What was begun at less than all, and came to its end."""
        begun = {what for what, done, total in self if done < total}
        return {what for what, done, total in self if done == total} & begun


def test_every_bar_of_an_export_fills(network, tmp_path):
    calls = Calls()
    export(network, tmp_path / "build", progress=calls)
    assert len(calls.whole()) == 8 == len({what for what, *_ in calls})


def test_a_simulation_tells_its_frames(network, tmp_path):
    calls = Calls()
    simulate(export(network, tmp_path / "build").folder, images=3, progress=calls)
    assert calls[0] == ("compile the simulator", 0, 1)
    assert [call for call in calls if call[0] == "frames"] == [("frames", n, 3) for n in (1, 2, 3)]


def test_a_training_counts_its_epochs_from_one_and_names_their_phase(tmp_path):
    from codesign.api.train import train
    from codesign.run_folder import kept_network

    calls = Calls()
    settings = ["training.float_phase.epochs=2", "training.quantized_phase.epochs=1"]
    train(RECIPES / "tiny.yaml", tmp_path / "run", overrides=settings, progress=calls)
    told = dict.fromkeys(re.sub(r", loss [\d.e+-]+$", "", what) for what, *_ in calls)
    assert list(told) == ["data", "float: epoch 1 of 2", "float: epoch 2 of 2", "quantized: epoch 1 of 1", "QONNX"]
    assert all(any(what.startswith(name) for what in calls.whole()) for name in told)
    assert kept_network(tmp_path / "run") is not None


def ended(network, build, *options):
    command = [*PROGRAM, "export", str(network), "--out", str(build), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def test_a_pipe_gets_no_bars(network, tmp_path):
    assert ended(network, tmp_path / "build").stderr == ""


def test_verbose_tells_every_step_as_plain_lines(network, tmp_path):
    lines = ended(network, tmp_path / "build", "--verbose").stderr.splitlines()
    assert lines[0] == "export: integer graph ..."
    assert re.fullmatch(r"export: integer graph: 1 in \d+\.\d s", lines[1])
    assert len(lines) == 16 and not any(re.search(r"[\r\x1b]", line) for line in lines)


def test_json_is_alone_on_standard_output_also_where_steps_are_told(network, tmp_path):
    done = ended(network, tmp_path / "build", "--json", "-v")
    assert json.loads(done.stdout)["build"] == str(tmp_path / "build")
    assert "export: schedule" in done.stderr


@pytest.mark.parametrize(("options", "drawn"), [((), True), (("-q",), False)])
def test_a_terminal_gets_bars_unless_it_is_to_be_quiet(network, tmp_path, options, drawn):
    ours, theirs = pty.openpty()
    command = [*PROGRAM, "export", str(network), "--out", str(tmp_path / "build"), *options]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = io.BytesIO()
        try:
            while chunk := os.read(ours, 65536):
                seen.write(chunk)
        except OSError:  # a terminal whose other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    assert (b"export: " in seen.getvalue()) is drawn


def test_bars_of_work_that_is_done_make_room(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    set_loudness()
    with progress_bars() as progress:
        for number in range(20):
            progress(f"epoch {number}", 0, 2)
            progress(f"epoch {number}", 2, 2)
        visible = [task for task in progress.drawn.tasks if task.visible]
    assert len(visible) == BARS_AT_ONCE and visible[-1].description == "epoch 19"


def test_a_command_leaves_no_loudness_behind(capfd):
    assert status(["-v", "targets"]) == 0
    assert status(["report", "nowhere"]) == 2
    assert len(capfd.readouterr().err.splitlines()) == 1
