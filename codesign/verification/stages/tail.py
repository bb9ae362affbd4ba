"""What follows the hardware on the host, against the outputs of the file that the build was made of.

The file is run in its reference: QONNX's executor, or LiteRT. The tail gets the integers that this has where it begins,
or the graph's where the file has no such tensor, so that what is compared is the tail alone. Indices of classes that
the hardware chooses where the file gives scores are compared with these: each must be that of the largest that is left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.frontend.files import output_steps, run_file, run_outputs
from codesign.frontend.run_tail import run_tail
from codesign.graph import IntArray, execute
from codesign.graph.indices import Chosen, choosing
from codesign.graph.reals import NOT_AN_INTEGER
from codesign.progress import Progress
from codesign.verification.compare import Comparison
from codesign.verification.computed import computed

TOLERANCE = 1e-4
"""What real values may differ by, as a share of an output's largest: both sides round in float32, in another order."""


def applies(build: BuildFolder) -> bool:
    """Whether anything of the file lies behind the hardware."""
    return build.tail.is_file() or build.chosen is not None


def compared(build: BuildFolder, images: IntArray, progress: Progress) -> Comparison:
    """How many outputs and values were compared, and the first that differs, in words."""
    if build.chosen is not None:
        return _chosen(build, build.chosen, images, progress)
    tail, inputs = onnx.load(build.tail), build.tail_inputs
    graph, steps = build.graph, output_steps(build.network)
    count = 0
    for number, image in enumerate(images):
        found = run_tail(tail, graph, inputs, _boundary(build, image[None], set(inputs.values())))
        expected = run_outputs(build.network, graph, image[None], list(found))
        for name, got in found.items():
            problem = _difference(expected[name], got, steps.get(name, 0.0))
            if problem:
                return Comparison(len(found), count, None, problem=f"output {name} of image {number}: {problem}")
            count += got.size
        progress("tail", number + 1, len(images))
    return Comparison(len(tail.graph.output), count, None)


def _chosen(build: BuildFolder, chosen: Chosen, images: IntArray, progress: Progress) -> Comparison:
    graph, count = build.graph, 0
    step = output_steps(build.network).get(chosen.output, 0.0)
    for number, image in enumerate(images):
        indices = _indices(build, image[None])
        scores = run_outputs(build.network, graph, image[None], [chosen.output])[chosen.output]
        problem = _not_the_largest(np.moveaxis(scores[0], chosen.axis, 0).astype(np.float64), indices[0], step)
        if problem:
            return Comparison(1, count, None, problem=f"output {chosen.output} of image {number}: {problem}")
        count += indices.size
        progress("tail", number + 1, len(images))
    return Comparison(1, count, None)


def _indices(build: BuildFolder, image: IntArray) -> IntArray:
    """(1, k, H, W), chosen of the integers that the file has where the choice begins."""
    graph, nodes = build.graph, choosing(build.graph)
    return computed(graph, nodes, _boundary(build, image, set(nodes[0].inputs)))[graph.outputs[0]]


def _not_the_largest(scores: NDArray[np.float64], indices: IntArray, step: float) -> str | None:
    """What is wrong, beyond rounding, with indices (k, H, W) of the largest scores (C, ...), the largest first."""
    left = scores.reshape(scores.shape[0], -1).copy()
    allowed = step + TOLERANCE * float(np.abs(scores).max(initial=0))
    for place, found in enumerate(indices.reshape(len(indices), -1)):
        pixels = np.arange(found.size)
        lacking = left.max(axis=0) - left[found, pixels]
        if (lacking > allowed).any():
            pixel = int(lacking.argmax())
            best, got = int(left[:, pixel].argmax()), int(found[pixel])
            return f"class {best} is the largest in place {place} of pixel {pixel}, got {got}"
        left[found, pixels] = -np.inf
    return None


def _boundary(build: BuildFolder, image: IntArray, tensors: set[str]) -> dict[str, IntArray]:
    graph = build.graph
    (source,) = graph.inputs
    values = execute(graph, {source: image}, keep=tensors)
    shown = run_file(build.network, graph, image, [name for name in tensors if name in graph.origins])
    return values | {name: q for name, q in shown.items() if not (q == NOT_AN_INTEGER).any()}


def _difference(expected: NDArray[Any], got: NDArray[Any], step: float) -> str | None:
    """What differs beyond rounding, and beyond the step that the file rounds to; None if nothing does."""
    if expected.shape != got.shape:
        return f"has the shape {got.shape[1:]}, not {expected.shape[1:]}"
    allowed = step + TOLERANCE * float(np.abs(expected).max(initial=0)) if got.dtype.kind == "f" else 0.0
    off = np.abs(expected.astype(np.float64) - got.astype(np.float64)) > allowed
    if not off.any():
        return None
    place = np.unravel_index(int(off.argmax()), off.shape)
    where = ", ".join(str(int(index)) for index in place[1:])
    return f"expected {expected[place]:g} at ({where}), got {got[place]:g}"
