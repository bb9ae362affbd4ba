"""Other packages with entry points, as if installed, for the time of a test."""

import importlib
import sys

from codesign import plugins

FOUND = (plugins.names, plugins.load, plugins._check, plugins._outside, plugins._folder_of, plugins._defined)


def forget(*packages):
    """What was found before `packages` were installed, and what was imported of them."""
    for found in FOUND:
        found.cache_clear()
    for module in [name for name in sys.modules if name.split(".")[0] in packages]:
        del sys.modules[module]
    importlib.invalidate_caches()


def install(package, entry_points, folder, monkeypatch):
    """Makes `package`, whose sources lie in `folder`, known with its entry points."""
    facts = folder / f"{package}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(entry_points)
    monkeypatch.syspath_prepend(folder)
    forget(package)
