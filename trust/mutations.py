"""Small changes of SystemVerilog and C++ by tokens of the text: operators, constants, widths, off by one.

Left alone is what no simulation can tell: comments, strings, pragmas, attributes, preprocessor lines, defaults of
parameters (every instance overrides them), checks at elaboration, and what lies between `ifndef SYNTHESIS` and `endif`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

OPERATORS = {
    "&&": "||",
    "||": "&&",
    "==": "!=",
    "!=": "==",
    ">=": ">",
    ">": ">=",
    "<": "<=",
    "<=": "<",
    "<<": ">>",
    ">>": "<<",
    ">>>": ">>",
    "+": "-",
    "-": "+",
    "&": "|",
    "|": "&",
    "^": "&",
    "!": "",
    "~": "",
}

TOKEN = re.compile(
    r"""(?P<word>[A-Za-z_$][\w$]*)
      | (?P<literal>\d*'s?[bdhoBDHO]?[0-9a-fA-FxXzZ_]+)
      | (?P<number>\d[\w.]*)
      | (?P<operator>>>>|<<<|\|->|\|=>|->|\+\+|--|\+=|-=|\*=|/=|::|\+:|-:|\.\*|&&|\|\||==|!=|>=|<=|<<|>>
          |[-+*/%&|^!~?:=<>(){}\[\];,.#@])
    """,
    re.VERBOSE,
)

SPARED = {
    "sv": (
        r"//[^\n]*",
        r'"[^"\n]*"',
        r"\(\*[^)]*\*\)",
        r"`ifndef SYNTHESIS.*?`endif",
        r"`\w+[^\n]*",
        r"^\s*parameter\b[^\n]*",
        r"^  if \([^\n]*\) begin : gen_check.*?^  end",
        r"\$fatal[^;]*;",
    ),
    "h": (r"//[^\n]*", r'"[^"\n]*"', r"^\s*#[^\n]*", r"^\s*template\b[^\n]*", r"\bstatic_assert[^;]*;"),
}


@dataclass(frozen=True, order=True)
class Mutation:
    """`before` at `offset` of a text becomes `after`."""

    offset: int
    before: str
    after: str

    def apply(self, text: str) -> str:
        assert text.startswith(self.before, self.offset)
        return text[: self.offset] + self.after + text[self.offset + len(self.before) :]

    def place(self, text: str) -> tuple[int, int]:
        """Line and column, from 1."""
        start = text.rfind("\n", 0, self.offset) + 1
        return text.count("\n", 0, self.offset) + 1, self.offset - start + 1


def mutations(text: str, suffix: str) -> list[Mutation]:
    """All mutations of a source text, `suffix` being "sv" or "h", in the order of the text."""
    code = text
    for pattern in SPARED[suffix]:
        code = re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found[0]), code, flags=re.MULTILINE | re.DOTALL)
    return sorted(set(_of_tokens(code, suffix)))


def _of_tokens(code: str, suffix: str) -> Iterator[Mutation]:
    depth, angles, previous = 0, 0, ""
    for token in TOKEN.finditer(code):
        text, kind = token[0], token.lastgroup
        depth += (text in "([{") - (text in ")]}") if len(text) == 1 else 0
        if suffix == "h" and text in "<>" and (previous + text) and _is_template(code, token.start(), text, angles):
            angles += 1 if text == "<" else -1
        elif kind in ("number", "literal"):
            yield from (Mutation(token.start(), text, after) for after in _numbers(text))
        elif kind == "operator" and text in OPERATORS and not _is_other(text, previous, depth, suffix):
            yield Mutation(token.start(), text, OPERATORS[text])
        previous = text


def _is_template(code: str, start: int, text: str, angles: int) -> bool:
    """Angle brackets of C++ templates stand without a space before them; comparisons have one."""
    return code[start - 1] != " " if text == "<" else angles > 0


def _is_other(text: str, previous: str, depth: int, suffix: str) -> bool:
    """Whether an operator's token means something else: an assignment, a sign, a reference, a reduction."""
    if text == "<=":
        return suffix == "sv" and depth == 0
    binary = bool(re.fullmatch(r"[\w$']+|[)\]}]", previous)) and previous != "return"
    if text in ("!", "~"):
        return False
    if suffix == "h" and text == "&":  # references, and the addresses of nothing here
        return True
    return not binary


def _numbers(text: str) -> list[str]:
    """The neighbours of a constant of base ten, or of a single bit; others are left alone."""
    if found := re.fullmatch(r"(\d*'s?[bdBD]?)([01])", text):
        return [found[1] + ("0" if found[2] == "1" else "1")]
    if re.fullmatch(r"\d+", text):
        value = int(text)
        return [str(value + 1)] + ([str(value - 1)] if value else [])
    return []
