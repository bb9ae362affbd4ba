"""What travels through the toolchain cannot be changed on its way, nor compared where that makes no sense."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "codesign"

GROWING = {"Axes", "Changes", "Listing", "Report", "Section", "Simulated", "_Instance", "_Program", "_Work"}
"""Those that are made a piece at a time."""


def dataclasses():
    """(where, its definition, the arguments of its decorator) of every dataclass."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            for decorator in getattr(node, "decorator_list", []):
                call = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(node, ast.ClassDef) and ast.unparse(call) == "dataclass":
                    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
                    yield f"{file.relative_to(PACKAGE)}: {node.name}", node, {k.arg: k.value.value for k in keywords}


FOUND = list(dataclasses())


def arrays_of(node):
    """Fields that are arrays or tensors."""
    fields = (entry for entry in node.body if isinstance(entry, ast.AnnAssign))
    types = [(ast.unparse(entry.target), ast.unparse(entry.annotation)) for entry in fields]
    names = ("IntArray", "RealArray", "Array", "Integers", "Reals", "Tensor", "NDArray", "np.ndarray")
    return [field for field, kind in types if kind.split("[")[0].split(" |")[0] in names]


def test_the_package_has_dataclasses():
    assert len(FOUND) > 200


def test_values_cannot_be_changed():
    changeable = {node.name for _, node, given in FOUND if not given.get("frozen", False)}
    assert changeable == GROWING


@pytest.mark.parametrize("part", sorted({where.split("/")[0] for where, _, _ in FOUND}))
def test_values_that_hold_arrays_are_not_compared(part):
    """Two arrays are equal element by element: `==` of what holds them raises, or says what nobody means."""
    own = [(where, node, given) for where, node, given in FOUND if where.split("/")[0] == part]
    assert [where for where, node, given in own if arrays_of(node) and given.get("eq", True)] == []
