"""Where commands write unless they are told: folders below the current one, named after what they are made from."""

from __future__ import annotations

from pathlib import Path

QONNX_ENDING = ".qonnx"
"""What often stands before `.onnx`; it is no part of the name."""


def run_folder(recipe: str) -> Path:
    """The folder of a training of the recipe with that name."""
    return Path("runs") / recipe


def build_folder(source: str | Path) -> Path:
    """The folder of an export of a run folder, a shipped run, a QONNX file or a recipe."""
    return Path("builds") / name_of(source)


def search_folder(recipe: str) -> Path:
    """The folder of a search among variants of the recipe with that name."""
    return Path("searches") / recipe


def ablation_folder(recipe: str) -> Path:
    """The folder of an ablation of the recipe with that name."""
    return Path("ablations") / recipe


def name_of(source: str | Path) -> str:
    """Name of a folder, or of a file without its endings."""
    path = Path(source)
    if path.suffix in (".onnx", ".yaml", ".yml"):
        return path.stem.removesuffix(QONNX_ENDING)
    return path.resolve().name if path.name in ("", "..") else path.name
