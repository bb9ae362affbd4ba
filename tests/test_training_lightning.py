"""What a training leaves to Lightning: several devices, logs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from codesign.cli.main import status
from codesign.training import load_run, train
from codesign.training.run import load_result

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side


@pytest.fixture(autouse=True)
def cache(monkeypatch, cache_folder):
    monkeypatch.setenv("CODESIGN_CACHE", str(cache_folder))


@pytest.mark.skipif(torch.cuda.is_available(), reason="on GPUs the same needs two of them")
@pytest.mark.slow
def test_two_processes_train_one_network_and_say_so_once(tmp_path):
    program = tmp_path / "program.py"  # Lightning starts the second process with the first one's arguments
    program.write_text("from codesign.cli.main import main\nmain()\n")
    command = [sys.executable, str(program), "train", str(TINY), "--devices", "2", "--out", str(tmp_path / "run")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("run folder:") == 1
    _, network = load_run(tmp_path / "run")
    assert all(parameter.isfinite().all() for parameter in network.parameters())
    assert load_result(tmp_path / "run").ap50 is not None


def test_a_batch_that_the_devices_cannot_share_is_one_line(tmp_path, capfd):
    arguments = ["train", str(TINY), "--devices", "3", "--out", str(tmp_path / "run")]
    assert status(arguments) == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert "training.batch_size: 8 images cannot be divided among 3 devices" in lines[-1]


def test_logs_hold_losses_learning_rate_and_figures_of_both_phases(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    train(TINY, tmp_path / "run", tensorboard=True)
    for phase in ("float", "last"):
        events = accumulator.EventAccumulator(str(tmp_path / "run" / "tensorboard" / phase)).Reload()
        tags = set(events.Tags()["scalars"])
        assert {"loss", "loss/heat", "loss/size", "loss/offset", "lr-AdamW/pg1", "validation/ap50"} <= tags


def test_without_the_logs_program_they_are_refused_and_all_else_works(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("lightning.fabric.loggers.tensorboard._TENSORBOARD_AVAILABLE", False)
    monkeypatch.setattr("lightning.fabric.loggers.tensorboard._TENSORBOARDX_AVAILABLE", False)
    assert status(["train", str(TINY), "--tensorboard", "--out", str(tmp_path / "logged")]) == 2
    assert "TensorBoard is not installed; pip install 'codesign[tensorboard]'" in capfd.readouterr().err
    assert train(TINY, tmp_path / "run").ap50 is not None
