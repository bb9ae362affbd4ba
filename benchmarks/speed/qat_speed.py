"""Time of a training step: floating point, quantized by Brevitas' own code, and quantized by `codesign.nn.fused`.

The latter with batch norm folded, as Brevitas' own, and kept.

    python -m benchmarks.speed.qat_speed

All are the same network on the same batch; their steps take turns, so that whatever else the machine does meets
all of them. The ratio is that of the medians. Writes qat_speed.json.
"""

import copy
import json
import platform
import statistics
import time
from collections.abc import Callable

import brevitas.nn as qnn
import numpy as np
import torch

from benchmarks.record import save
from codesign.data import Sample
from codesign.data.scenes import scenes
from codesign.nn import fused
from codesign.nn.codenet import CoDeNet
from codesign.nn.count import count
from codesign.nn.fold import calibrate, fold_batch_norm, keep_batch_norm
from codesign.nn.network import float_network, quantized_network
from codesign.recipe import load_recipe
from codesign.training.losses import detection_loss
from codesign.training.targets import Batch, make_batch

RECIPE = ("codenet-b", ["data.image_size=64"])
BATCH = 16
ROUNDS = 25


def batch_of(recipe) -> Batch:
    """Pictures with one box each."""
    box, label, difficult = np.array([[8, 8, 40, 40]], np.float32), np.array([0]), np.array([False])
    images = scenes(BATCH, recipe.data.image_size, 0)
    samples = [Sample("", image, box, label, difficult) for image in images]
    return make_batch(samples, len(recipe.model.classes), recipe.model.output_stride)


def step_of(network: CoDeNet, batch: Batch) -> Callable[[], None]:
    """A step of the optimizer as `codesign.training.task` makes it."""
    network = network.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-6, fused=True)
    images = (batch.images / 256).contiguous(memory_format=torch.channels_last)

    def step() -> None:
        optimizer.zero_grad()
        sum(detection_loss(network.raw_heads(images), batch).values()).backward()
        optimizer.step()

    return step


def by_brevitas(network: CoDeNet) -> CoDeNet:
    """A copy in which every layer runs Brevitas' code."""
    original = {getattr(fused, name): getattr(qnn, name) for name in ("QuantConv2d", "QuantReLU", "QuantIdentity")}
    network = copy.deepcopy(network)
    for layer in network.modules():
        layer.__class__ = original.get(layer.__class__, layer.__class__)
    return network


def main() -> None:
    recipe = load_recipe(*RECIPE)
    batch = batch_of(recipe)
    torch.manual_seed(0)
    trained = float_network(recipe)
    quantized, kept = quantized_network(recipe), quantized_network(recipe)
    keep_batch_norm(kept, trained)
    for network in (quantized, kept):
        fold_batch_norm(trained, network)
        calibrate(network, [batch.images / 256] * (recipe.quantization.calibration_batches + 1))
    steps = {
        "float": step_of(trained, batch),
        "brevitas": step_of(by_brevitas(quantized), batch),
        "fused": step_of(quantized, batch),
        "fused, batch norm kept": step_of(kept, batch),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(ROUNDS + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if round_:  # the first warms up
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    result = {
        "network": f"{recipe.name} at {recipe.data.image_size}x{recipe.data.image_size}, batch {BATCH}",
        "parameters": count(recipe).parameters,
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads, PyTorch {torch.__version__}",
        "median_milliseconds": {name: round(1e3 * median, 1) for name, median in medians.items()},
        "times_float": {name: round(median / medians["float"], 2) for name, median in medians.items()},
    }
    save("qat_speed", result, ("benchmarks/speed/qat_speed.py", "codesign/nn/**/*.py"))
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
