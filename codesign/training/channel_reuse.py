"""A loss on what the channels of binary convolutions do not share: the total distance of their spanning trees.

For the tree of a layer (`codesign.reuse.mst`), which is kept for some steps, the fraction of its bit operations that
is left is (n + sum of distances) / (n C). The distance of a channel from its parent, or from its parent's complement,
is half the sum of |sign(w) - (+-1) sign(w_parent)|; the gradient passes the signs straight through, so that only
weights that differ are moved, both towards each other. The paper's own loss (Vo et al., ICCV 2023) is not known here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from brevitas.function.ops_ste import binary_sign_ste
from torch import Tensor, nn

from codesign.nn.binary import BinaryConv2d
from codesign.reuse.mst import ReuseTree, reuse_tree
from codesign.sections import ChannelReuse


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of a tree: channels, their parents, and -1 where the parent's complement is reused; (C - 1,) each."""

    child: Tensor
    parent: Tensor
    sign: Tensor

    @classmethod
    def of(cls, tree: ReuseTree, device: torch.device) -> Edges:
        child = np.flatnonzero(tree.parent >= 0)
        sign = np.where(tree.complement[child], -1.0, 1.0).astype(np.float32)
        return cls(*(torch.from_numpy(part).to(device) for part in (child, tree.parent[child], sign)))

    def kept(self, rows: Tensor) -> Tensor:
        """Fraction of the bit operations of weights (C, n) that is left; differentiable."""
        signs = binary_sign_ste(rows)
        differing: Tensor = (signs[self.child] - self.sign.unsqueeze(1) * signs[self.parent]).abs().sum() / 2
        left: Tensor = (rows.shape[1] + differing) / rows.numel()
        return left


class ReuseLoss:
    """The loss of a network while it trains. seconds: what trees have taken so far."""

    def __init__(self, settings: ChannelReuse, network: nn.Module, total_steps: int) -> None:
        self.settings = settings
        self.layers = [module for module in network.modules() if isinstance(module, BinaryConv2d)]
        self.rise_steps = max(1, round(settings.rise * total_steps))
        self.seconds = 0.0
        self._edges: list[Edges] = []

    def __call__(self, step: int, batch: int) -> Tensor:
        """Weight times the mean over the layers of what is kept.

        step: of the optimizer, from 0; batch: of the epoch, from 0. Trees are new in every epoch, so that one that is
        resumed there sees the same.
        """
        rows = [layer.weight.flatten(1) for layer in self.layers]
        if batch % self.settings.interval == 0:
            started = time.perf_counter()
            self._edges = [Edges.of(self._tree(weight), weight.device) for weight in rows]
            self.seconds += time.perf_counter() - started
        kept = torch.stack([edges.kept(weight) for edges, weight in zip(self._edges, rows, strict=True)])
        return self.settings.weight * min(1.0, step / self.rise_steps) * kept.mean()

    def _tree(self, rows: Tensor) -> ReuseTree:
        return reuse_tree(binary_signs(rows), self.settings.max_depth)


def binary_signs(weight: Tensor) -> np.ndarray:
    """Weights (C, ...) as their quantizer sees them: int8 (C, n) of -1 and +1."""
    return np.where(weight.detach().flatten(1).cpu().numpy() >= 0, 1, -1).astype(np.int8)
