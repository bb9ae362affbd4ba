"""How many pictures a second are read, fitted, augmented and batched, beside how many the network learns from.

    python -m benchmarks.speed.input_pipeline RECIPE [KEY=VALUE ...]

Both are measured on one core, in seconds of the processor, so that other programs do not count: the loader as
`codesign train` makes it, but in this process, over one epoch after the first (pictures that fit into memory lie there
from then on), and steps of the optimizer in floating point. Workers read for themselves, while a network's rate grows
at most with the number of cores: where `ratio`, the loader's rate over the network's, is above 1, one worker a core is
always ahead. `cores_reading` is the share of the cores that reading takes. Writes results/input_pipeline.json.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import statistics
import time
from collections.abc import Iterator

import torch

from benchmarks.record import TRAINING, save
from codesign.data import training_set
from codesign.data.dataset import SampleSet
from codesign.nn.network import float_network
from codesign.recipe import Recipe, load_recipe
from codesign.training.task import train_loader
from codesign.training.tasks import task_of

STEPS = 8


def loading(recipe: Recipe, data: SampleSet) -> float:
    """Pictures a second of one process that does nothing else."""
    loader = train_loader(data, recipe, workers=0)
    for _ in loader:
        pass
    start, count = time.process_time(), 0
    for batch in loader:
        count += len(batch.images)
    return count / (time.process_time() - start)


def learning(recipe: Recipe, batches: Iterator[object]) -> float:
    """Pictures a second of training in floating point on one core, the median of STEPS steps."""
    network = float_network(recipe).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-6, fused=True)
    loss = task_of(recipe).loss
    rates = []
    for batch in itertools.islice(batches, STEPS + 1):
        start = time.process_time()
        optimizer.zero_grad()
        images = (batch.images / 256).contiguous(memory_format=torch.channels_last)
        sum(loss(network.raw_heads(images), batch).values()).backward()
        optimizer.step()
        rates.append(len(images) / (time.process_time() - start))
    return statistics.median(rates[1:])  # the first warms up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", help="a recipe's file, or the name of one that ships")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    recipe = load_recipe(options.recipe, options.overrides)
    data = training_set(recipe)
    read = loading(recipe, data)
    learned = learning(recipe, itertools.cycle(train_loader(data, recipe, workers=0)))
    figures = {
        "recipe": recipe.name,
        "pictures": len(data),
        "image_size": list(recipe.data.size),
        "machine": platform.processor() or platform.machine(),
        "read_per_core_and_s": round(read, 1),
        "learned_per_core_and_s": round(learned, 1),
        "ratio": round(read / learned, 2),
        "cores_reading": round(learned / (learned + read), 3),
    }
    print(figures)
    save("input_pipeline", figures, TRAINING)


if __name__ == "__main__":
    main()
