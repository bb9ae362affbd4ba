"""Functions of one value: the next quantizer finds its thresholds, or a table, on the node itself."""

from __future__ import annotations

from collections.abc import Callable

import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, as_reals
from codesign.frontend.meeting import meeting
from codesign.frontend.reader import ANY, Reader, attributes, only
from codesign.frontend.values import Activation

Read = Callable[[Importer, onnx.NodeProto], Activation]


def read_monotone(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Sigmoid, Tanh and their like, which rise throughout; Neg, which falls; HardSigmoid, which does either."""
    return _followed(importer, node, turns=False)


def read_turning(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Gelu, Abs and their like, which rise and fall."""
    return _followed(importer, node, turns=True)


def _read_slope(**defaults: float) -> Read:
    """LeakyRelu, Elu and their like, which rise where none of their parameters is below 0."""

    def read(importer: Importer, node: onnx.NodeProto) -> Activation:
        return _followed(importer, node, turns=min(attributes(node, **defaults).values()) < 0)

    return read


def read_prelu(importer: Importer, node: onnx.NodeProto) -> Activation:
    """PRelu, its slope one for all or one a channel."""
    slope = as_reals(importer.required(node, 1))
    channels = importer.type(importer.activation(node)).channels
    if slope.size not in (1, channels):
        raise GraphError(f"PRelu with slopes of shape {slope.shape} is not one a channel")
    return _followed(importer, node, turns=bool((slope < 0).any()))


def read_power(importer: Importer, node: onnx.NodeProto) -> Activation:
    """x^k with one number k."""
    exponent = importer.constant(node, 1)
    if exponent is None:
        raise GraphError("a Pow without exponent is malformed")
    return _followed(importer, node, turns=exponent.scalar != 1)


def read_extreme(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Max and Min of two functions of the same integers."""
    met = meeting(importer, node)
    if met is None:
        raise GraphError(f"a {node.op_type} of two activations is not supported")
    return met


def _followed(importer: Importer, node: onnx.NodeProto, turns: bool) -> Activation:
    """The activation behind the node, described by its steps alone."""
    return importer.activation(node).followed(importer.step(node), node.op_type, turns)


def _rising(name: str, *versions: int) -> Reader:
    return Reader(name, read_monotone, versions)


def _turning(name: str, *versions: int) -> Reader:
    return Reader(name, read_turning, versions)


def _sloped(name: str, *versions: int, **defaults: float) -> Reader:
    return Reader(name, _read_slope(**defaults), versions, dict.fromkeys(defaults, ANY))


READERS = (
    *(_rising(name, 6, 13) for name in ("Sigmoid", "Tanh", "Exp", "Log", "Sqrt", "Ceil", "Floor", "Neg")),
    *(_rising(name, 9, 13) for name in ("Erf", "Sign")),
    *(_rising(name, 1, 22) for name in ("Softplus", "Softsign")),
    *(_rising(name, 9, 22) for name in ("Asinh", "Sinh")),
    _rising("Atan", 7, 22),
    _rising("Round", 11, 22),
    *(_turning(name, 6, 13) for name in ("Abs", "Reciprocal")),
    *(_turning(name, 7, 22) for name in ("Cos", "Sin")),
    _turning("HardSwish", 14, 22),
    _turning("Mish", 18, 22),
    Reader("Gelu", read_turning, (20,), {"approximate": only("none", "tanh")}),
    Reader("Swish", read_turning, (24,), {"alpha": ANY}),
    Reader("HardSigmoid", read_monotone, (6, 22), {"alpha": ANY, "beta": ANY}),
    _sloped("LeakyRelu", 6, 16, alpha=0.01),
    _sloped("Elu", 6, 22, alpha=1.0),
    _sloped("Celu", 12, 28, alpha=1.0),
    _sloped("Selu", 6, 22, alpha=1.67, gamma=1.05),
    _sloped("ThresholdedRelu", 10, 22, alpha=1.0),
    Reader("PRelu", read_prelu, versions=(7, 9, 16), inputs=range(2, 3)),
    Reader("Pow", read_power, versions=(7, 12, 13, 15), inputs=range(2, 3)),
    *(Reader(name, read_extreme, versions=(6, 8, 12, 13), inputs=range(2, 3)) for name in ("Max", "Min")),
)
