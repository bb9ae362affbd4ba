"""Measuring networks; average precision of detections, by pycocotools."""

import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from codesign.board.detection import Boxes
from codesign.data.dataset import SampleSet
from codesign.data.sample import Sample
from codesign.nn.network import Network
from codesign.recipe import Recipe
from codesign.tasks import task_of

IMAGES_AT_A_TIME = 32


@dataclass(frozen=True)
class Precision:
    """Mean over classes; 0 if nothing was found."""

    ap50: float
    """At an IoU of 0.5."""
    ap: float
    """Averaged over IoU 0.50, 0.55 .. 0.95 (COCO)."""


def average_precision(detections: Sequence[Boxes], samples: Iterable[Sample], classes: Sequence[str]) -> Precision:
    """Compare detections with the objects of their images, one for one in order. Difficult objects do not count."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = _ground_truth(list(samples), classes)
        truth.createIndex()
        found = _results(detections)
        if not found:
            return Precision(0.0, 0.0)
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return Precision(ap50=max(float(evaluation.stats[1]), 0.0), ap=max(float(evaluation.stats[0]), 0.0))


def _ground_truth(samples: Sequence[Sample], classes: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    annotations = [
        {
            "id": 0,
            "image_id": index,
            "category_id": int(label),
            "bbox": _xywh(box),
            "area": float((box[2] - box[0]) * (box[3] - box[1])),
            "iscrowd": int(difficult),  # what pycocotools calls an object that does not count
        }
        for index, sample in enumerate(samples)
        for box, label, difficult in zip(sample.boxes, sample.labels, sample.difficult, strict=True)
    ]
    for number, annotation in enumerate(annotations, start=1):  # 0 would mean "no match" to pycocotools
        annotation["id"] = number
    return {
        "info": {},
        "images": [{"id": index} for index in range(len(samples))],
        "annotations": annotations,
        "categories": [{"id": label, "name": name} for label, name in enumerate(classes)],
    }


def _results(detections: Sequence[Boxes]) -> list[dict[str, object]]:
    return [
        {"image_id": index, "category_id": int(label), "bbox": _xywh(box), "score": float(score)}
        for index, found in enumerate(detections)
        for box, label, score in zip(found.boxes, found.labels, found.scores, strict=True)
    ]


def _xywh(box: np.ndarray) -> list[float]:
    x0, y0, x1, y1 = (float(value) for value in box)
    return [x0, y0, x1 - x0, y1 - y0]


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
