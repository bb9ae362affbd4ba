"""The mutations of a Python module, by the operators of cosmic-ray, in an order that a seed fixes.

An order depends on the file's name and on the text of each line, not on its number or folder: what is added elsewhere
in a file, and a file that moves, leave the others' places as they are.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider
from cosmic_ray.operators.variable_inserter import VariableInserter
from cosmic_ray.operators.variable_replacer import VariableReplacer

NEED_NAMES = (VariableInserter, VariableReplacer)
"""Operators that must be told which variables to exchange."""


@dataclass(frozen=True)
class Mutation:
    """One change of one place. line: where it begins; rank: its place in the order."""

    file: Path
    line: int
    code: str
    operator: str
    occurrence: int
    rank: str

    def text(self) -> str | None:
        """The module after it; None where that is no Python."""
        after = mutate_code(self.file.read_text(), _operators()[self.operator], self.occurrence)
        try:
            compile(after, self.file, "exec")
        except (SyntaxError, TypeError):
            return None
        return after


def mutations(file: Path, seed: int) -> list[Mutation]:
    """One mutation of every line of a module that has any; annotations, which nothing executes, are left out."""
    lines: dict[int, list[tuple[str, int]]] = {}
    for name, occurrence, line in _places(file.read_text()):
        lines.setdefault(line, []).append((name, occurrence))
    texts = [line.strip() for line in file.read_text().splitlines()]
    seen: Counter[str] = Counter()
    found = []
    for line in sorted(lines):
        code = texts[line - 1]
        seen[code] += 1
        key = f"{seed} {file.name} {code} {seen[code]}"
        rank, (operator, occurrence) = min((_hash(f"{key} {n}"), place) for n, place in enumerate(lines[line]))
        found.append(Mutation(file, line, code, operator, occurrence, _hash(key) + rank))
    return found


def definition(file: Path, line: int) -> str:
    """A hash of the function, class or statement of a module's top level that a line is part of."""
    text = file.read_text()
    return _hash(next(t for first, last, t in _top_level(text) if first <= line <= last))[:16]


def _top_level(text: str) -> Iterator[tuple[int, int, str]]:
    lines = text.splitlines()
    for node in ast.parse(text).body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        last = node.end_lineno or first
        yield first, last, "\n".join(lines[first - 1 : last])


@cache
def _operators() -> dict[str, Operator]:
    provider = OperatorProvider()
    return {name: provider[name]() for name in provider if provider[name] not in NEED_NAMES}


def _places(text: str) -> Iterator[tuple[str, int, int]]:
    """(operator, occurrence, line) of every mutation there is."""
    nodes = list(ast_nodes(get_ast(text)))
    for name, operator in _operators().items():
        occurrence = 0
        for node in nodes:
            for (line, _), _ in operator.mutation_positions(node):
                if not _in_annotation(node):
                    yield name, occurrence, line
                occurrence += 1


def _in_annotation(node: parso.tree.NodeOrLeaf) -> bool:
    while parent := node.parent:
        if parent.type in ("param", "funcdef") and parent.annotation is node:
            return True
        if parent.type == "tfpdef" and node is parent.children[2]:
            return True
        if parent.type == "annassign" and node is parent.children[1]:
            return True
        node = parent
    return False


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
