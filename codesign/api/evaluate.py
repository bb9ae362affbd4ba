"""`codesign eval`: average precision, or accuracy, with the outputs of any back end."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from codesign.api.export import export
from codesign.build_folder import BuildFolder, open_build
from codesign.errors import BuildError
from codesign.files import claimed
from codesign.progress import Progress, silent
from codesign.resources import cache_folder, source_files
from codesign.run_folder import find_run
from codesign.tasks import task_of
from codesign.verification.images import validation_images
from codesign.verification.predict import predictions, recipe_of

STAGES = {"torch": "brevitas", "graph": "graph", "onnx": "onnxruntime", "hls": "hls", "rtl": "rtl"}
"""The verification stage that is each back end."""


@dataclass(frozen=True)
class Evaluation:
    """On the first `images` images of the validation set.

    Of a detector, precision at an IoU of 0.5 and over 0.50 to 0.95 (COCO); of a classifier, top-1 accuracy.
    """

    images: int
    ap50: float | None = None
    ap: float | None = None
    accuracy: float | None = None


def evaluate(
    run: str | Path | BuildFolder,
    *,
    backend: str = "torch",
    limit: int | None = None,
    changed: bool = False,
    progress: Progress = silent,
) -> Evaluation:
    """Decodes the outputs of `backend` (torch, graph, onnx, hls or rtl) and compares what they say with the data set.

    run: a run folder, the name of a shipped run, or a build folder; a run is exported first, into the cache.
    changed: as for `open_build`.
    Raises a CodesignError if there is no such run, or if the back end cannot run.
    """
    if backend not in STAGES:
        raise BuildError(f"unknown back end '{backend}'", remedy=f"known: {', '.join(STAGES)}")
    from codesign.data.dataset import validation_set

    build = run if isinstance(run, BuildFolder) else _build_of(run, changed, progress)
    recipe = recipe_of(build)
    dataset = validation_set(recipe)
    images = validation_images(build, limit)
    found = list(predictions(build, STAGES[backend], images, progress))
    measured = task_of(recipe).measure(found, [dataset[index] for index in range(len(images))], recipe)
    return Evaluation(len(images), **asdict(measured))


def _build_of(run: str | Path, changed: bool, progress: Progress) -> BuildFolder:
    """The build folder itself, or a run's build in the cache, made once, and again if it is damaged."""
    if (Path(run) / "manifest.json").is_file():
        return open_build(run, changed=changed)
    found = find_run(run)
    folder = cache_folder("builds") / _fingerprint(found)
    with claimed(folder.with_suffix(".making"), wait=True):
        try:
            return open_build(folder)
        except BuildError:
            shutil.rmtree(folder, ignore_errors=True)
        return export(found, folder, progress=progress).folder


def _fingerprint(run: Path) -> str:
    """A digest of the run and of the sources that turn it into a build."""
    sha = hashlib.sha256()
    for file in (run / "recipe.yaml", run / "weights.safetensors", *source_files()):
        sha.update(hashlib.sha256(file.read_bytes()).digest() if file.is_file() else b"")
    return sha.hexdigest()[:16]
