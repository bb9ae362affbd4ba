"""Measuring networks over a dataset."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch.utils.data import DataLoader

from codesign.data.dataset import SampleSet
from codesign.data.sample import Sample
from codesign.nn.network import Network
from codesign.recipe import Recipe
from codesign.tasks import task_of
from codesign.training.workers import workers_for

IMAGES_AT_A_TIME = 32


def evaluate_network(network: Network, recipe: Recipe, dataset: SampleSet) -> Any:
    """What the recipe's task measures of a network over a dataset; the network's mode is left as it was."""
    return task_of(recipe).measure(*predictions(network, recipe, dataset), recipe)


@torch.no_grad()
def predictions(network: Network, recipe: Recipe, dataset: SampleSet) -> tuple[list[Any], list[Sample]]:
    """What the network finds in every image of a dataset, and the samples that these are of, their images left out."""
    task, training = task_of(recipe), network.training
    network.eval()
    found, samples = [], []
    scales = network.head_scales()
    for batch in _batches(dataset):
        images = np.stack([sample.image for sample in batch])
        for sample, values in zip(batch, _outputs(network, images, scales), strict=True):
            found.append(task.decode(values, scales, recipe))
            samples.append(replace(sample, image=sample.image[:, :0, :0]))
    network.train(training)
    return found, samples


def _batches(dataset: SampleSet) -> Iterator[list[Sample]]:
    """In order. The generator is the loader's own: a look at the validation set must not change what is trained."""
    loader: DataLoader[Any] = DataLoader(
        cast(Any, dataset),  # anything with a length and items is a data set for it
        batch_size=IMAGES_AT_A_TIME,
        collate_fn=list,
        num_workers=workers_for(dataset, augmented=False),
        generator=torch.Generator(),
    )
    return iter(loader)


def _outputs(network: Network, images: np.ndarray, scales: dict[str, float]) -> Iterator[dict[str, np.ndarray]]:
    """Outputs (C, H, W) of every image, by name, as multiples of their scales."""
    device = next(network.parameters()).device
    outputs = network(torch.from_numpy(images).to(device) / 256)._asdict()
    values = {name: np.divide(output.float().cpu().numpy(), scales[name]) for name, output in outputs.items()}
    yield from ({name: value[index] for name, value in values.items()} for index in range(len(images)))
