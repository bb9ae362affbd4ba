"""Boards: what a target offers, one YAML file each, every figure with its source."""

from codesign.targets.load import load_target, target_names
from codesign.targets.model import Memory, Power, Resources, Target

__all__ = ["Memory", "Power", "Resources", "Target", "load_target", "target_names"]
