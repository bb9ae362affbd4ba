"""YAML as people write it: what two versions of YAML, or two readers, would take for different values is refused.

Numbers, truth values and null are those of YAML 1.2's core schema. YAML 1.1, which PyYAML follows, also reads `1_0` as
10, `1:30` as 90, `010` as 8, `yes` as true and `2001-01-01` as a date, and `1e-3` as text.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_INT, _FLOAT, _BOOL, _NULL, _MERGE = (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null", "merge"))

_PLAIN = {
    _INT: (re.compile(r"[-+]?(?:0|[1-9][0-9]*)"), "-+0123456789"),
    _FLOAT: (
        re.compile(
            r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
        "-+.0123456789",
    ),
    _BOOL: (re.compile(r"true|True|TRUE|false|False|FALSE"), "tTfF"),
    _NULL: (re.compile(r"~|null|Null|NULL|"), ("~", "n", "N", "")),
    _MERGE: (re.compile(r"<<"), "<"),
}

_AMBIGUOUS = re.compile(
    r"[-+]?[0-9][0-9_.]*_[0-9_.]*(?:[eE][-+]?[0-9]+)?"  # 1_000
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"  # 1:30
    r"|[-+]?0[0-9]+|[-+]?0[obx][0-9a-fA-F_]+"  # 010, 0o10
    r"|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"
)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the values of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def construct_scalar(self, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode) and node.style is None and _AMBIGUOUS.fullmatch(node.value):
            problem = (
                f"'{node.value[:40]}' means different things to different readers: quote a text, write a number in "
                "decimal digits, a truth value as true or false"
            )
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_scalar(node)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    problem = f"the key '{key.value[:40]}' is given twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
        return node


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or 1.2 would take for something else."""


for _tag, (_pattern, _first) in _PLAIN.items():
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern.pattern})$"), list(_first))
_Dumper.add_implicit_resolver(_INT, re.compile(rf"(?:{_AMBIGUOUS.pattern})$"), list("-+0123456789yYnNoO"))


def parse(text: str) -> Any:
    """The value that the text describes. Raises ValueError, in one line, if it is not YAML or not clear."""
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:  # an integer of a million digits, a merge
        problem = getattr(error, "problem", None) or str(error)
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(" ".join(f"{place}{problem}".split())[:300]) from error


def dump(value: Any) -> str:
    """The text of a value made of mappings, lists, texts, numbers, truth values and null, keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False)
