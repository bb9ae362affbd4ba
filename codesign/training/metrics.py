"""Measuring networks over a dataset."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from codesign.data.dataset import SampleSet
from codesign.data.sample import Sample
from codesign.nn.network import Network
from codesign.recipe import Recipe
from codesign.tasks import task_of

IMAGES_AT_A_TIME = 32


@torch.no_grad()
def evaluate_network(network: Network, recipe: Recipe, dataset: SampleSet) -> Any:
    """What the recipe's task measures of a network over a dataset; the network's mode is left as it was."""
    task, training = task_of(recipe), network.training
    network.eval()
    samples = [dataset[index] for index in range(len(dataset))]
    found = [task.decode(values, network.head_scales(), recipe) for values in _outputs(network, samples)]
    network.train(training)
    return task.measure(found, samples, recipe)


def _outputs(network: Network, samples: Sequence[Sample]) -> Iterator[dict[str, np.ndarray]]:
    """Outputs (C, H, W) of every sample, by name, as multiples of their scales."""
    scales = network.head_scales()
    device = next(network.parameters()).device
    for start in range(0, len(samples), IMAGES_AT_A_TIME):
        images = np.stack([sample.image for sample in samples[start : start + IMAGES_AT_A_TIME]])
        outputs = network(torch.from_numpy(images).to(device) / 256)._asdict()
        values = {name: np.divide(output.cpu().numpy(), scales[name]) for name, output in outputs.items()}
        yield from ({name: value[index] for name, value in values.items()} for index in range(len(images)))
