"""What a network leaves to the host: real values behind the integers of the design. NumPy where it can be.

`design.json` holds the nodes if all of them are of OPERATORS, with constants in `tail.npz`; else `tail.onnx` lies
beside it, and `onnxruntime` must be installed on the board.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

CONSTANTS, MODEL = "tail.npz", "tail.onnx"


def _batch_norm(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    x, scale, bias, mean, variance = given
    along = (1, -1) + (1,) * (x.ndim - 2)
    factor = scale / np.sqrt(variance + np.float32(options["epsilon"]))
    return x * factor.reshape(along) + (bias - mean * factor).reshape(along)


def _softmax(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    powers = np.exp(given[0] - given[0].max(options["axis"], keepdims=True))
    return powers / powers.sum(options["axis"], keepdims=True)


def _log_softmax(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    lower = given[0] - given[0].max(options["axis"], keepdims=True)
    return lower - np.log(np.exp(lower).sum(options["axis"], keepdims=True))


def _sigmoid(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    power = np.exp(-np.abs(given[0]))
    return np.where(given[0] < 0, power, np.float32(1)) / (1 + power)


def _argmax(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    found = given[0].argmax(options["axis"])
    return np.expand_dims(found, options["axis"]) if options["keepdims"] else found


def _clip(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    low, high = given[1:]
    return np.minimum(np.maximum(given[0], low), high)


def _top_k(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    """Largest first, the first of equal ones before the others."""
    x, axis = given[0], options["axis"]
    order = np.argsort(-x if options["largest"] else x, axis, kind="stable")
    places = order.take(range(int(given[1].reshape(-1)[0])), axis)
    return [np.take_along_axis(x, places, axis), places]


def _reshape(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    x, sizes = given[0], given[1].tolist()
    return x.reshape([x.shape[place] if size == 0 else size for place, size in enumerate(sizes)])


def _flatten(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    x, axis = given[0], options["axis"]
    return x.reshape(int(np.prod(x.shape[: axis if axis >= 0 else axis + x.ndim])), -1)


def _squeeze(given: Sequence[np.ndarray], options: dict[str, Any]) -> Any:
    return np.squeeze(given[0], tuple(given[1].tolist()) if len(given) > 1 else None)


OPERATORS: dict[str, Callable[[Sequence[np.ndarray], dict[str, Any]], Any]] = {
    "Abs": lambda given, _: np.abs(given[0]),
    "Add": lambda given, _: given[0] + given[1],
    "ArgMax": _argmax,
    "BatchNormalization": _batch_norm,
    "Cast": lambda given, options: given[0].astype(options["to"]),
    "Clip": _clip,
    "Concat": lambda given, options: np.concatenate(given, options["axis"]),
    "Div": lambda given, _: given[0] / given[1],
    "Exp": lambda given, _: np.exp(given[0]),
    "Flatten": _flatten,
    "Identity": lambda given, _: given[0],
    "LogSoftmax": _log_softmax,
    "Mul": lambda given, _: given[0] * given[1],
    "Neg": lambda given, _: -given[0],
    "Relu": lambda given, _: np.maximum(given[0], 0),
    "Reshape": _reshape,
    "Sigmoid": _sigmoid,
    "Softmax": _softmax,
    "Squeeze": _squeeze,
    "Sub": lambda given, _: given[0] - given[1],
    "Tanh": lambda given, _: np.tanh(given[0]),
    "TopK": _top_k,
    "Transpose": lambda given, options: given[0].transpose(options["perm"]),
    "Unsqueeze": lambda given, _: np.expand_dims(given[0], tuple(given[1].tolist())),
}
"""By name in ONNX, opset 13 and on: of the inputs and the options one output, or a list of several."""


class Tail:
    """The host's part of the network that lies in `folder`.

    fields: the member `tail` of `design.json`: `inputs`, by name the design's output and the shape that it takes;
    `outputs`, the names of those of the file; `nodes`, and names of their `constants`, or none if the nodes are for
    `onnxruntime`.
    """

    def __init__(self, folder: Path, fields: dict[str, Any]) -> None:
        self.inputs: dict[str, dict[str, Any]] = fields["inputs"]
        self.outputs: list[str] = fields["outputs"]
        self._nodes = fields["nodes"]
        if self._nodes is None:
            try:
                runtime = import_module("onnxruntime")
            except ImportError as missing:
                raise ImportError(f"{MODEL} needs it: install onnxruntime on the board") from missing
            self._session = runtime.InferenceSession(str(folder / MODEL), providers=["CPUExecutionProvider"])
        else:
            with np.load(folder / CONSTANTS) as arrays:
                self._constants = {name: arrays[f"arr_{place}"] for place, name in enumerate(fields["constants"])}

    def __call__(self, reals: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The file's outputs of a frame, the batch of one included.

        reals: real values (C, H, W) by the design's outputs; those that the host does not take stay as they are.
        """
        given = {
            name: reals[source["output"]].astype(np.float32).reshape(source["shape"])
            for name, source in self.inputs.items()
        }
        taken = {source["output"] for source in self.inputs.values()}
        found = {name: value for name, value in reals.items() if name not in taken}
        if self._nodes is None:
            return {**found, **dict(zip(self.outputs, self._session.run(self.outputs, given)))}
        values = {**self._constants, **given}
        for node in self._nodes:
            result = OPERATORS[node["operator"]]([values[name] for name in node["inputs"]], node["options"])
            values.update(zip(node["outputs"], result if isinstance(result, list) else [result]))
        return {**found, **{name: values[name] for name in self.outputs}}
