"""Functions of one value that rise throughout: the next quantizer's thresholds are found on the node itself."""

from __future__ import annotations

from dataclasses import replace

import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, as_reals
from codesign.frontend.reader import ANY, Reader, attributes
from codesign.frontend.values import Activation


def read_monotone(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Sigmoid, Tanh and their like."""
    return _followed(importer, node)


def read_slope(importer: Importer, node: onnx.NodeProto) -> Activation:
    """LeakyRelu and Elu, which rise where their slope below 0 does."""
    if attributes(node, alpha=1.0)["alpha"] < 0:
        raise GraphError(f"{node.op_type} with a negative alpha both rises and falls", remedy="use a positive one")
    return _followed(importer, node)


def read_prelu(importer: Importer, node: onnx.NodeProto) -> Activation:
    """PRelu, its slope one for all or one a channel."""
    slope = as_reals(importer.required(node, 1))
    channels = importer.type(importer.activation(node)).channels
    if (slope < 0).any():
        raise GraphError("PRelu with a negative slope both rises and falls", remedy="use positive slopes")
    if slope.size not in (1, channels):
        raise GraphError(f"PRelu with slopes of shape {slope.shape} is not one a channel")
    return _followed(importer, node)


def _followed(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The activation behind the node, described by its steps alone."""
    x = importer.activation(node)
    reason = f"reads the result of {node.op_type}, which is no integer"
    return replace(x, steps=(*x.steps, importer.step(node)), opaque=x.opaque or reason, origin=None)


def _rising(name: str, versions: tuple[int, ...]) -> Reader:
    return Reader(name, read_monotone, versions)


def _sloped(name: str, versions: tuple[int, ...]) -> Reader:
    return Reader(name, read_slope, versions, {"alpha": ANY})


READERS = (
    *(_rising(name, (6, 13)) for name in ("Sigmoid", "Tanh", "Exp")),
    _rising("Erf", (9, 13)),
    *(_rising(name, (1, 22)) for name in ("Softplus", "Softsign")),
    _sloped("LeakyRelu", (6, 16)),
    _sloped("Elu", (6, 22)),
    Reader("PRelu", read_prelu, versions=(7, 9, 16), inputs=range(2, 3)),
)
