"""Training and export killed at random moments: nothing complete is lost, and what resumes ends at the same bits.

    python -m trust.kills [--kills 50] [--seed 1]

Half of the kills come after a random time, half right before or after a random renaming of a file or folder, where a
half-replaced state would show. A third of them are SIGTERM, after which nothing may lie about. Of trainings, the
checkpoints that were there must still load, no fewer epochs on, and the last `--resume` must leave the weights of a
training that was never killed, byte for byte. Of exports into a folder that holds a build, this or the new one must lie
there, every file as its manifest says. Of two exports at once into a folder that is not there yet, one must be refused,
and the other one's build must lie there. Exit status 1 if anything was lost. Keeps its figures in
benchmarks/results/trust.json.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch

from codesign import files
from codesign.api.export import export
from codesign.api.train import train
from codesign.build_folder import open_build
from codesign.cli.endings import MISTAKE, OK, tidy_ends
from codesign.errors import CodesignError
from codesign.training.run import FLOAT_CHECKPOINT, LAST_CHECKPOINT, WEIGHTS

RECIPE = Path(__file__).resolve().parents[1] / "tests" / "recipes" / "tiny.yaml"
FORK = get_context("fork")  # the libraries are loaded once, not once a kill
SOURCES = ("trust/kills.py", "codesign/api/*.py", "codesign/training/**/*.py", "codesign/*.py")
LIMIT_S = 900
ENDING_S = 120
"""For which what was told to end may clear up."""


@dataclass(frozen=True)
class Moment:
    """After so many seconds, or at the renaming of that number, counted from 0, before it or after it.

    number: the signal; SIGTERM ends what runs as the commands do.
    """

    seconds: float | None = None
    renaming: int = 0
    before: bool = True
    number: signal.Signals = signal.SIGKILL


PAIRS = 5
"""So many pairs of exports run at once."""

NEVER = Moment(LIMIT_S)
"""What is not to be killed is run like this too: threads that a library starts here would not be there after a fork."""


def run_killed(work: Callable[[], object], moment: Moment) -> bool:
    """Runs `work` in a process killed at `moment`; False if it ended before. Raises RuntimeError if it failed."""
    process = FORK.Process(target=_child, args=(work, moment))
    process.start()
    process.join(LIMIT_S if moment.seconds is None else moment.seconds)
    if process.is_alive():
        assert process.pid is not None
        os.kill(process.pid, moment.number)
        process.join(ENDING_S)
    if process.is_alive():
        process.kill()
        raise RuntimeError(f"the process went on for {ENDING_S} s after {moment.number.name}")
    if process.exitcode not in (0, -moment.number, 128 + moment.number):
        raise RuntimeError(f"the process failed with status {process.exitcode}")
    return process.exitcode != 0


def _child(work: Callable[[], object], moment: Moment) -> None:
    torch.set_num_threads(1)
    if moment.seconds is None:
        _die_at_renaming(moment)
    try:
        with tidy_ends():
            work()
    except KeyboardInterrupt:
        sys.exit(128 + moment.number)


def _die_at_renaming(moment: Moment) -> None:
    """Counts what puts files and folders into their places."""
    count = iter(range(1 << 30))

    def counted(rename: Callable) -> Callable:
        def renamed(*places: object) -> object:
            here = next(count) == moment.renaming
            if here and moment.before:
                os.kill(os.getpid(), moment.number)
            result = rename(*places)
            if here:
                os.kill(os.getpid(), moment.number)
            return result

        return renamed

    Path.replace, Path.rename = counted(Path.replace), counted(Path.rename)
    files._exchange = counted(files._exchange)


def epochs(run: Path) -> tuple[int, int]:
    """Epochs that the checkpoints of both phases hold; 0 for one that is not there. Raises if one is damaged."""
    places = (run / FLOAT_CHECKPOINT, run / LAST_CHECKPOINT)
    found = [torch.load(p, map_location="cpu", weights_only=True)["epoch"] + 1 if p.exists() else 0 for p in places]
    return found[0], found[1]


def weights(run: Path) -> str:
    return hashlib.sha256((run / WEIGHTS).read_bytes()).hexdigest()


def whole(build: Path) -> bool:
    """Whether every file of a build is what its manifest says."""
    listed = open_build(build).manifest["files"]
    return all(hashlib.sha256((build / name).read_bytes()).hexdigest() == sha for name, sha in listed.items())


def kill_trainings(kills: int, rng: random.Random, folder: Path) -> tuple[int, list[str]]:
    """How many kills there were, and what was lost. A training that has ended makes place for a new one."""
    started = time.monotonic()
    run_killed(lambda: train(RECIPE, folder / "whole"), NEVER)
    expected, seconds = weights(folder / "whole"), time.monotonic() - started
    killed, lost, number = 0, [], 0
    while killed < kills:
        number += 1
        run, before = folder / f"run{number}", (0, 0)
        while run_killed(
            lambda run=run: train(RECIPE, run, resume=run.exists()),
            moment(rng, seconds, 12) if killed < kills else NEVER,
        ):
            killed += 1
            try:
                after = epochs(run)
            except Exception as error:
                lost.append(f"training, kill {killed}: {error}")
                break
            if after < before:
                lost.append(f"training, kill {killed}: epochs {before} became {after}")
            before = after
            print(f"training: kill {killed}, epochs {after}", flush=True)
        else:
            if weights(run) != expected:
                lost.append(f"training {number} ended at other weights")
    return killed, lost


def kill_exports(kills: int, rng: random.Random, folder: Path) -> tuple[int, list[str]]:
    """The same of exports into a folder that holds a build."""
    build, started = folder / "build", time.monotonic()
    run_killed(lambda: export(folder / "whole", build), NEVER)
    seconds = time.monotonic() - started
    killed, lost = 0, []
    while killed < kills:
        before, when = set(folder.iterdir()), moment(rng, seconds, 30)
        killed += run_killed(lambda: export(folder / "whole", build), when)
        left = set(folder.iterdir()) - before
        if left and when.number == signal.SIGTERM:
            lost.append(f"export, kill {killed}: left {min(left).name}")
        try:
            if not whole(build):
                lost.append(f"export, kill {killed}: a file is not what the manifest says")
        except (CodesignError, OSError) as error:
            lost.append(f"export, kill {killed}: {error}")
            run_killed(lambda: export(folder / "whole", build), NEVER)
        print(f"export: kill {killed}", flush=True)
    return killed, lost


def export_at_once(pairs: int, folder: Path) -> list[str]:
    """What was lost of so many pairs of exports, each into a new folder."""
    lost = []
    for pair in range(pairs):
        build = folder / f"new{pair}"
        both = [FORK.Process(target=_told, args=(lambda build=build: export(folder / "whole", build),)) for _ in "ab"]
        for process in both:
            process.start()
        for process in both:
            process.join(LIMIT_S)
        statuses = sorted(process.exitcode for process in both)
        if statuses != [OK, MISTAKE] or not whole(build):
            lost.append(f"two exports at once: they ended with {statuses}")
        print(f"two exports at once: {statuses}", flush=True)
    return lost


def _told(work: Callable[[], object]) -> None:
    torch.set_num_threads(1)
    try:
        work()
    except CodesignError as error:
        print(error, flush=True)
        sys.exit(MISTAKE)


def moment(rng: random.Random, seconds: float, renamings: int) -> Moment:
    number = signal.SIGTERM if rng.random() < 1 / 3 else signal.SIGKILL
    if rng.random() < 0.5:
        return Moment(rng.uniform(0, seconds), number=number)
    return Moment(renaming=rng.randrange(renamings), before=rng.random() < 0.5, number=number)


def main() -> None:
    from trust.figures import update

    parser = argparse.ArgumentParser(description="kills training and export at random moments")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="kills_") as scratch:
        folder = Path(scratch)
        os.environ["CODESIGN_CACHE"] = str(folder / "cache")
        half = options.kills // 2
        trainings, lost = kill_trainings(options.kills - half, rng, folder)
        exports, more = kill_exports(half, rng, folder)
        lost += more + export_at_once(PAIRS, folder)
    for line in lost:
        print(line)
    found = {"kills": trainings + exports, "exports_at_once": PAIRS, "lost": len(lost)}
    update("kills", found, SOURCES)
    print(f"{trainings} kills of trainings, {exports} of exports, {PAIRS} pairs of exports at once, {len(lost)} losses")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
