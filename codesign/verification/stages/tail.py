"""What follows the hardware on the host, against the outputs of the file that the build was made of.

The file is run in its reference: QONNX's executor, or LiteRT. The tail gets the integers that this has where it begins,
or the graph's where the file has no such tensor, so that what is compared is the tail alone.
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
from codesign.graph.reals import NOT_AN_INTEGER
from codesign.progress import Progress
from codesign.verification.compare import Comparison

TOLERANCE = 1e-4
"""What real values may differ by, as a share of an output's largest: both sides round in float32, in another order."""


def compared(build: BuildFolder, images: IntArray, progress: Progress) -> Comparison:
    """How many outputs and values were compared, and the first that differs, in words."""
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
