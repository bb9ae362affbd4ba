"""The quantized PyTorch modules, observed by forward hooks where a module's path names a tensor of the graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from codesign.build_folder import BuildFolder
from codesign.graph import IntArray
from codesign.graph.indices import choosing
from codesign.graph.reals import to_integers, to_real
from codesign.training.run import load_run
from codesign.verification.computed import computed
from codesign.verification.reference import images_at_a_time
from codesign.verification.ties import Judge


def judge(build: BuildFolder) -> Judge:
    """Tells which differences float32 explains, by the file that the build was made of."""
    return Judge(onnx.load(build.qonnx), build.graph)


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Shows the tensors that exist in the modules.

    Those that the graph computes before an upsampling, and the modules behind it, do not (`late_upsampling`).
    Raises CheckpointError if the build has no run, or one that is damaged.
    """
    graph = build.graph
    (kind,) = graph.inputs.values()
    _, model = load_run(build.run)
    choice = choosing(graph)
    read = set(choice[0].inputs) if choice else set()
    by_origin = {graph.origins.get(name, name): name for name in {*tensors, *read}}
    at_a_time = images_at_a_time(build.graph)
    for start in range(0, len(images), at_a_time):
        batch = torch.from_numpy(to_real(images[start : start + at_a_time], kind))
        seen = {by_origin[origin]: value for origin, value in _values(model, batch).items() if origin in by_origin}
        seen = {
            name: value
            for name, value in seen.items()
            if name in graph.origins or value.shape[1:] == graph.types[name].shape
        }
        shown: dict[str, IntArray] = {
            name: to_integers(value.numpy(), graph.types[name]) for name, value in seen.items()
        }
        if shown.keys() >= read:  # the modules leave indices of classes to whoever reads their scores
            shown = computed(graph, choice, shown)
        yield {name: value for name, value in shown.items() if name in tensors}


def _values(model: nn.Module, batch: Tensor) -> dict[str, Tensor]:
    """Outputs of all modules by their path, and the model's outputs by their field names.

    Quantized tensors carry their scale beside the value; only the value counts here.
    """
    seen: dict[str, Tensor] = {}

    def observe(path: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            value = getattr(output, "value", output)
            if isinstance(value, Tensor) and value.ndim == 4:
                seen[path] = value

        return hook

    hooks = [module.register_forward_hook(observe(path)) for path, module in model.named_modules() if path]
    try:
        with torch.no_grad():
            outputs = model(batch)
    finally:
        for hook in hooks:
            hook.remove()
    seen.update(outputs._asdict())
    return seen
