"""The integer graph, imported anew from the file and run one image at a time.

This checks that the stored graph, the reference of all stages, is the file's, that images of a batch do not touch
each other, and that every value lies in the range that the hardware's widths were derived from: a value outside is
clipped here, and so differs from the reference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.frontend.files import import_file
from codesign.graph import IntArray, digest, execute, first_difference
from codesign.graph.reals import within


def check(build: BuildFolder) -> str | None:
    """Where the stored graph and the file's come apart, though no image may show it."""
    found = replace(import_file(build.network, argmax=build.argmax).graph, name=build.graph.name)
    if digest(found) == digest(build.graph):
        return None
    return f"{build.graph_file.name} is not what {build.network.name} says: {first_difference(build.graph, found)}"


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Raises GraphError if the file does not hold the tensors of the stored graph."""
    graph = import_file(build.network, argmax=build.argmax).graph
    (source,) = graph.inputs
    types = build.graph.types
    for image in images:
        values = execute(graph, {source: image[None]}, keep=tensors)
        yield {name: within(value, types[name]) for name, value in values.items()}
