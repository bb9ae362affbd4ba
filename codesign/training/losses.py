"""CenterNet's losses: penalty-reduced focal loss of the heat map, L1 of sizes and offsets at object centres."""

import torch
import torch.nn.functional as F
from torch import Tensor

from codesign.nn.detector import Heads
from codesign.training.targets import Batch

SIZE_WEIGHT = 0.1
OFFSET_WEIGHT = 1.0


def detection_loss(heads: Heads, batch: Batch) -> dict[str, Tensor]:
    """Focal, 0.1 L1(size) and 1.0 L1(offset), each summed and divided by the number of objects."""
    objects = batch.mask.sum().clamp(min=1)
    size = _at_centres(heads.size, batch.cells)
    offset = _at_centres(heads.offset, batch.cells)
    return {
        "heat": focal_loss(heads.heat, batch.heat) / objects,
        "size": SIZE_WEIGHT * _masked_l1(size, batch.size, batch.mask) / objects,
        "offset": OFFSET_WEIGHT * _masked_l1(offset, batch.offset, batch.mask) / objects,
    }


def distillation_loss(heads: Heads, teacher: Heads, batch: Batch) -> Tensor:
    """The same three terms with the teacher's heads for truth.

    Of the heat map, the divergence between the two probabilities of each cell.
    """
    objects = batch.mask.sum().clamp(min=1)
    size, offset = (
        _masked_l1(_at_centres(mine, batch.cells), _at_centres(theirs, batch.cells), batch.mask)
        for mine, theirs in ((heads.size, teacher.size), (heads.offset, teacher.offset))
    )
    return (divergence(heads.heat, teacher.heat) + SIZE_WEIGHT * size + OFFSET_WEIGHT * offset) / objects


def divergence(logits: Tensor, teacher: Tensor) -> Tensor:
    """Sum over the map of p log(p / q) + (1 - p) log((1 - p) / (1 - q)), p = sigmoid(teacher), q = sigmoid(logits)."""
    p = torch.sigmoid(teacher)
    cross = F.binary_cross_entropy_with_logits(logits, p, reduction="sum")
    return cross - F.binary_cross_entropy_with_logits(teacher, p, reduction="sum")


def focal_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Sum over the map of (1 - p)^2 log p at centres and (1 - target)^4 p^2 log(1 - p) elsewhere, negated.

    Equation 1 of arXiv 1904.07850 with alpha = 2 and beta = 4; p = sigmoid(logits).
    """
    p = torch.sigmoid(logits)
    at_centre = -F.logsigmoid(logits) * (1 - p) ** 2
    elsewhere = -F.logsigmoid(-logits) * p**2 * (1 - target) ** 4
    return torch.where(target == 1, at_centre, elsewhere).sum()


def _at_centres(head: Tensor, cells: Tensor) -> Tensor:
    """Values of a head (N, 2, H, W) at cells (N, M): (N, M, 2)."""
    index = cells.unsqueeze(1).expand(-1, head.shape[1], -1)
    return head.flatten(2).gather(2, index).transpose(1, 2)


def _masked_l1(values: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    return ((values - target).abs() * mask.unsqueeze(2)).sum()
