"""Parameters and multiply-accumulates of a recipe's network, without weights or data."""

from dataclasses import dataclass

import torch
from torch import Tensor

from codesign.nn.layers import ConvUnit
from codesign.nn.network import conv_units, float_network
from codesign.recipe import Recipe

MIB = 2**20


@dataclass(frozen=True)
class BlockCount:
    """One convolution with its batch norm."""

    name: str
    """Path of its module: the block's name in hardware."""
    output: tuple[int, int, int]
    """(C, H, W)."""
    parameters: int
    """Weights, biases, and batch norm's gain and shift."""
    macs: int
    """What one image takes. Sampling, pooling and batch norm are not counted."""


@dataclass(frozen=True)
class NetworkCount:
    """A network as its papers count it: in floating point, batch norms not folded."""

    name: str
    weight_bits: int
    blocks: tuple[BlockCount, ...]

    @property
    def parameters(self) -> int:
        return sum(block.parameters for block in self.blocks)

    @property
    def macs(self) -> int:
        return sum(block.macs for block in self.blocks)

    @property
    def float_mib(self) -> float:
        """MiB at 32 bits a parameter."""
        return self.parameters * 4 / MIB

    @property
    def quantized_mib(self) -> float:
        """MiB at the recipe's weight bits for every parameter, as the paper counts: stem and biases hold more."""
        return self.parameters * self.weight_bits / 8 / MIB


def count(recipe: Recipe) -> NetworkCount:
    """Count a recipe's network at its own image size."""
    blocks: list[BlockCount] = []
    with torch.device("meta"):
        network = float_network(recipe)
        for name, unit in conv_units(network).items():
            unit.register_forward_hook(lambda unit, _, output, name=name: blocks.append(_count(name, unit, output)))
        network.raw_heads(torch.empty(1, 3, *recipe.data.size))
    bits = 1 if recipe.quantization.binary else recipe.quantization.weight_bits
    return NetworkCount(recipe.name, bits, tuple(blocks))


def _count(name: str, unit: ConvUnit, output: Tensor) -> BlockCount:
    _, channels, height, width = output.shape
    return BlockCount(
        name=name,
        output=(channels, height, width),
        parameters=sum(parameter.numel() for parameter in unit.parameters()),
        macs=unit.conv.weight.numel() * height * width,
    )
