"""Names that a shell completes: of recipes, of runs that ship, of boards.

Where none begins like what has been typed, the shell goes on with files, which all of these may be, too.
"""

from __future__ import annotations


def recipe_names(incomplete: str) -> list[str]:
    """Recipes that ship."""
    from codesign.resources import models_dir

    return _begun(incomplete, [file.stem for file in models_dir().glob("*.yaml")])


def run_names(incomplete: str) -> list[str]:
    """Recipes that ship with a trained run."""
    from codesign.resources import models_dir
    from codesign.run_folder import WEIGHTS

    return _begun(incomplete, [file.parent.name for file in models_dir().glob(f"*/{WEIGHTS}")])


def board_names(incomplete: str) -> list[str]:
    """Boards that ship, or that other packages bring."""
    from codesign.targets import target_names

    return _begun(incomplete, target_names())


def _begun(incomplete: str, names: list[str] | tuple[str, ...]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
