"""Synthesis, placement and routing with open tools: what a design really takes, and how fast it runs."""

from codesign.synth.module import synthesize_module
from codesign.synth.network import NetworkSynthesis, synthesize_network
from codesign.synth.place import Placement, place_and_route
from codesign.synth.utilization import Utilization

__all__ = [
    "NetworkSynthesis",
    "Placement",
    "Utilization",
    "place_and_route",
    "synthesize_module",
    "synthesize_network",
]
