"""Text that others wrote, as a part of a file in another language: one function a language.

HTML is escaped by its templates. Identifiers need no quotes: `codesign.graph.names` makes them.
"""

from __future__ import annotations

import re

_BARE_TCL = re.compile(r"[A-Za-z0-9_./:@%+=,-]+")


def tcl(text: str) -> str:
    """One word of Tcl in which nothing is substituted: bare where it may be, else in double quotes."""
    if _BARE_TCL.fullmatch(text):
        return text
    return '"' + "".join(c if c.isascii() and (c.isalnum() or c in " _.:-") else _tcl_escape(c) for c in text) + '"'


def string(text: str) -> str:
    """A string literal of C++, SystemVerilog and Verilog: the text's UTF-8 bytes.

    Escapes have three octal digits, which no digit behind them can join; `??` would begin a trigraph of C++14.
    """
    data = text.encode(errors="replace")
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in data) + '"'


def int32(value: int) -> str:
    """A constant of C's `int32_t`; the least one has no literal of its own."""
    return "INT32_MIN" if value == -(1 << 31) else str(value)


def comment(text: str) -> str:
    """Text within a comment of one line, of any language: it neither ends the comment nor reaches into the next line.

    A backslash would, at the line's end, and so would `??/` in C++14; text from right to left would hide what follows.
    """
    shown = "".join(c if " " <= c <= "~" and c != "\\" else _code_point(c) for c in text)
    return shown.replace("??", f"?{_code_point('?')}")


def terminal(text: str) -> str:
    """What a terminal shows of `text`: no control characters, so none of its commands; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else _code_point(c) for c in text)


def _code_point(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _tcl_escape(character: str) -> str:
    """UTF-16 code units: Tcl 8.6 reads no more than four digits."""
    data = character.encode("utf-16-be", errors="replace")
    return "".join(f"\\u{data[i : i + 2].hex()}" for i in range(0, len(data), 2))
