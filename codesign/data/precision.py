"""Average precision of detections, by pycocotools."""

import contextlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from codesign.board.detection import Boxes
from codesign.data.sample import Sample

RECALLS = 101


@dataclass(frozen=True)
class Precision:
    """Mean over classes; 0 if nothing was found."""

    ap50: float
    """At an IoU of 0.5."""
    ap: float
    """Averaged over IoU 0.50, 0.55 .. 0.95 (COCO)."""


@dataclass(frozen=True)
class ClassPrecision:
    """Figures of one class; None if there is no object of it that counts.

    curve: the greatest precision at an IoU of 0.5 at each recall from 0 to 1 in steps of 0.01.
    """

    objects: int
    ap50: float | None
    ap: float | None
    curve: tuple[float, ...]


def average_precision(detections: Sequence[Boxes], samples: Iterable[Sample], classes: Sequence[str]) -> Precision:
    """Compare detections with the objects of their images, one for one in order. Difficult objects do not count.

    Boxes are those of the network's input. Where pictures were fitted into it, the figures are the same as in the
    pictures' own pixels: an IoU does not change with a shift, nor with the scale of an axis.
    """
    evaluation = _evaluation(detections, list(samples), classes)
    if evaluation is None:
        return Precision(0.0, 0.0)
    return Precision(ap50=max(float(evaluation.stats[1]), 0.0), ap=max(float(evaluation.stats[0]), 0.0))


def class_precision(
    detections: Sequence[Boxes], samples: Sequence[Sample], classes: Sequence[str]
) -> tuple[ClassPrecision, ...]:
    """The same for every class by itself."""
    counted = np.concatenate([sample.labels[~sample.difficult] for sample in samples])
    objects = np.bincount(counted, minlength=len(classes))
    evaluation = _evaluation(detections, samples, classes)
    if evaluation is None:
        nothing = tuple(np.zeros(RECALLS).tolist())
        return tuple(
            ClassPrecision(int(n), 0.0, 0.0, nothing) if n else ClassPrecision(0, None, None, ()) for n in objects
        )
    found = evaluation.eval["precision"][..., 0, -1]  # (IoU, recall, class), of objects of any size
    return tuple(
        ClassPrecision(int(n), _mean(found[:1, :, k]), _mean(found[:, :, k]), tuple(found[0, :, k].round(4).tolist()))
        if n
        else ClassPrecision(0, None, None, ())
        for k, n in enumerate(objects)
    )


def _mean(values: np.ndarray) -> float:
    return round(float(values.mean()), 4)


def _evaluation(detections: Sequence[Boxes], samples: Sequence[Sample], classes: Sequence[str]) -> Any:
    """pycocotools' evaluation; None if nothing was found."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = _ground_truth(samples, classes)
        truth.createIndex()
        found = _results(detections)
        if not found:
            return None
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def _ground_truth(samples: Sequence[Sample], classes: Sequence[str]) -> dict[str, Any]:
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
