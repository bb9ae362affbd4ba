"""Concatenation: a pixel of each input after another."""

from __future__ import annotations

from dataclasses import replace

from codesign.graph import TensorType
from codesign.graph.ops.concat import Concat
from codesign.schedule.reach.base import Reach, element


def reach(op: Concat, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    return replace(element(outputs), in_turn=True)
