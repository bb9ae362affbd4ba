"""Accuracy of constant group size against a constant number of groups, at equal multiplications, on Fashion-MNIST.

    python -m benchmarks.groups.e2gc_accuracy [--work FOLDER]

The network is `fashion-mobilenet` with other blocks, chosen so that both forms have the very same number of
multiplications wherever size x number = 32. What differs is where they are: a constant number has its larger groups,
and hence more weights, in the later layers, which have more channels. Runs that the file holds are not trained again;
an interrupted one goes on from its last checkpoint in `--work`. The file's key `accuracy` is written after every run.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import product
from pathlib import Path

from benchmarks import record
from codesign.api.train import train
from codesign.nn.count import count
from codesign.recipe import Recipe, load_recipe

SOURCES = ("benchmarks/groups/e2gc_accuracy.py", "models/fashion-mobilenet.yaml", *record.TRAINING)
SEEDS = (0, 1, 2)
PAIRS = ((4, 8), (8, 4), (16, 2))
"""Size, and number of as many multiplications."""
SETTINGS = (
    "model.blocks=[{channels: 32}, {channels: 32, stride: 2}, {channels: 64}, {channels: 64, stride: 2}, "
    "{channels: 96}]",
    "data.train_images=8000",
    "training.float_phase.epochs=4",
    "training.quantized_phase.epochs=2",
)


def recipe(form: str, value: int, seed: int) -> Recipe:
    """form: `size` or `number`."""
    return load_recipe("fashion-mobilenet", [*SETTINGS, f"model.groups={{{form}: {value}}}", f"seed={seed}"])


def trained(form: str, value: int, seed: int, work: Path) -> dict[str, object]:
    """A run as the file holds it."""
    one = recipe(form, value, seed)
    folder = work / f"{form}-{value}-{seed}"
    result = train(one, folder, resume=(folder / "recipe.yaml").is_file())
    counted = count(one)
    return {
        "form": form,
        "value": value,
        "seed": seed,
        "macs": counted.macs,
        "parameters": counted.parameters,
        "float_accuracy": result.float_accuracy,
        "accuracy": result.accuracy,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "codesign_e2gc" / "runs")
    options = parser.parse_args()
    runs = record.load("e2gc")["accuracy"] if record.fresh("e2gc", "accuracy", SOURCES) else []
    for seed, (size, number) in product(SEEDS, PAIRS):
        for form, value in (("size", size), ("number", number)):
            if any((run["form"], run["value"], run["seed"]) == (form, value, seed) for run in runs):
                continue
            runs.append(trained(form, value, seed, options.work))
            print(runs[-1], flush=True)
            record.save("e2gc", record.load("e2gc") | {"accuracy": runs}, SOURCES, part="accuracy")


if __name__ == "__main__":
    main()
