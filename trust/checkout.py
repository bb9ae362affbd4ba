"""A copy of the checkout in which files can be changed, and what its tests share."""

from __future__ import annotations

import compileall
import hashlib
import py_compile
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trust import forks

ROOT = Path(__file__).resolve().parents[1]
COMMON_CPU_S = 600


@dataclass(frozen=True)
class Checkout:
    """tree: the files. scratch: what tests write; `common` in it is what they share."""

    tree: Path
    scratch: Path
    common: Path

    @property
    def log(self) -> Path:
        """What the last tests have printed."""
        return self.scratch / "log"

    def reset(self) -> None:
        """Gives the tests what they share as it is without a mutation, and nothing else."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        shutil.copytree(self.common, self.scratch / "common", symlinks=True)


@contextmanager
def checked_out(kept: Path) -> Iterator[Checkout]:
    """A copy of all files that git knows or would add; `kept` is a folder for what the next one needs not make anew."""
    with tempfile.TemporaryDirectory(prefix="checkout_") as folder:
        tree = Path(folder, "tree")
        _copy(tree)
        for package in ("codesign", "benchmarks", "trust"):
            mode = py_compile.PycInvalidationMode.CHECKED_HASH  # a mutant is as old and maybe as long as the original
            compileall.compile_dir(tree / package, quiet=2, invalidation_mode=mode)
        sha = digest([*tree.glob("codesign/**/*.py"), *tree.glob("rtl_sim/rtl/*"), *fixtures(tree)])
        checkout = Checkout(tree, Path(folder, "tests"), kept / f"common_{sha}")
        if not checkout.common.exists():
            _make_common(checkout)
        yield checkout


def fixtures(tree: Path) -> tuple[Path, ...]:
    """What makes that which tests share."""
    return tuple(tree / "tests" / f"{name}.py" for name in ("conftest", "made_once", "shared_cache"))


def digest(files: Iterable[Path]) -> str:
    sha = hashlib.sha256()
    for file in sorted(files):
        sha.update(file.read_bytes())
    return sha.hexdigest()[:16]


def _copy(tree: Path) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    files = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def _make_common(checkout: Checkout) -> None:
    """A trained network and its build, which tests/conftest.py makes once for all processes, and simulators for it."""
    print("making what the tests share", flush=True)
    test = checkout.tree / "tests" / "test_common.py"
    test.write_text("def test_a_build_can_be_made(tiny_build):\n    assert tiny_build.is_dir()\n")
    checkout.scratch.mkdir()
    arguments = (checkout.tree, checkout.scratch, ["tests/test_common.py"])
    work = partial(forks.run_pytest, *arguments, plugins=[], slow=True)
    if forks.fork(work, checkout.log, COMMON_CPU_S).status != 0:
        raise SystemExit(f"the tests fail without a mutation:\n{checkout.log.read_text()}")
    test.unlink()
    shutil.copytree(checkout.scratch / "common", checkout.common, symlinks=True)
