"""Boards: what a target offers, one YAML file each, every figure with its source."""

from codesign.targets.load import load_target, target_names, target_of
from codesign.targets.model import BUS_BITS, Coefficient, Energy, Memory, Overlay, Power, Resources, Target

__all__ = [
    "BUS_BITS",
    "Coefficient",
    "Energy",
    "Memory",
    "Overlay",
    "Power",
    "Resources",
    "Target",
    "load_target",
    "target_names",
    "target_of",
]
