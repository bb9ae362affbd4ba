"""Synthesis, placement and routing with open tools: what a design really takes, and how fast it runs."""

from codesign.synthesis.bitstream import bitstream
from codesign.synthesis.module import synthesize_module
from codesign.synthesis.network import (
    NetworkSynthesis,
    netlist_keys,
    synthesize_flat,
    synthesize_instances,
    synthesize_network,
)
from codesign.synthesis.place import Placement, place_and_route
from codesign.synthesis.utilization import Utilization

__all__ = [
    "NetworkSynthesis",
    "Placement",
    "Utilization",
    "bitstream",
    "netlist_keys",
    "place_and_route",
    "synthesize_flat",
    "synthesize_instances",
    "synthesize_module",
    "synthesize_network",
]
