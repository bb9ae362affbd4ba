"""Rewrites of a refused file with which it is read: each a file of `codesign.frontend.suggestions`, by its name."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import onnx

from codesign.frontend.calibration import Calibration

_PACKAGE = "codesign.frontend.suggestions"

Rewrite = Callable[[onnx.ModelProto, str, Calibration], str | None]
"""Changes the file, at the tensor that the refusal names, in place; says how, or gives None if it knows no way."""


@dataclass(frozen=True)
class Suggestion:
    """What a refusal may be mended by. title: what it does, of several places at once."""

    title: str
    rewrite: Rewrite


@cache
def suggestions() -> Mapping[str, Suggestion]:
    """All of `codesign.frontend.suggestions`, by the name that refusals call them."""
    found = (module.name for module in pkgutil.iter_modules(import_module(_PACKAGE).__path__))
    return {name: import_module(f"{_PACKAGE}.{name}").SUGGESTION for name in found}
