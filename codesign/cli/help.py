"""How the commands explain themselves: sections, text that wraps, names of values in capitals, examples.

A command's module has

    SECTION   one of SECTIONS
    ORDER     its place in the section
    EXAMPLES  command lines, each with what it does
    run       whose docstring is the help
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from codesign.cli.console import set_loudness

START, TRAIN, HARDWARE, LOOK, REFERENCE = SECTIONS = (
    "Start here",
    "From a recipe to a trained network",
    "From a network to hardware",
    "What a design takes, and what it finds",
    "What there is",
)

COMMON = "Every command"

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only results and errors: no progress.", rich_help_panel=COMMON)
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Every step as a line, and where an error comes from.", rich_help_panel=COMMON
    ),
]

VALUES = {"int": "N", "float": "X", "str": "TEXT", "Path": "PATH"}
"""What the help calls a value of a type."""


class Command(TyperCommand):
    """Its usage says SOURCE where Typer's says {SOURCE}."""

    def get_params(self, ctx: Any) -> list[Any]:
        return plain_types(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]


class Group(TyperGroup):
    """The program itself."""

    def get_params(self, ctx: Any) -> list[Any]:
        return plain_types(super().get_params(ctx))


def described(module: ModuleType) -> dict[str, Any]:
    """What Typer is told of a command besides its function."""
    text = inspect.cleandoc(module.run.__doc__ or "")
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    examples = "\n".join(["", "Examples:", *(_example(line, told) for line, told in module.EXAMPLES)])
    return {"cls": Command, "help": _literal("\n\n".join(paragraphs)), "epilog": _literal(examples)}


def _example(line: str, told: str) -> str:
    return f"  {line}\n      {told}"


def _literal(text: str) -> str:
    """The text as Rich's markup shows it unchanged."""
    return text.replace("[", r"\[")


def with_common_options(run: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a command with the options that every command takes."""

    @wraps(run)
    def command(*, quiet: bool, verbose: bool, **given: Any) -> Any:
        if quiet or verbose:  # else as the program itself was asked to be
            set_loudness(quiet=quiet, verbose=verbose)
        return run(**given)

    own = inspect.signature(run, eval_str=True)
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
        for name, annotation in (("quiet", Quiet), ("verbose", Verbose))
    ]
    parameters = [*own.parameters.values(), *common]
    command.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def plain_types(parameters: list[Any]) -> list[Any]:
    """The parameters, which now name values in capitals and say nothing of the type of an option that takes none."""
    for parameter in parameters:
        if isinstance(parameter, TyperArgument):
            parameter.metavar = parameter.metavar or (parameter.name or "").upper()
            _show_type(parameter, "")
        elif isinstance(parameter, TyperOption) and parameter.is_flag:
            _show_type(parameter, "")
        elif isinstance(parameter, TyperOption) and parameter.metavar is None:
            _show_type(parameter, _value(parameter))
    return parameters


def _show_type(parameter: TyperArgument | TyperOption, text: str) -> None:
    vars(parameter)["display_type_rich"] = lambda ctx: text


def _value(option: TyperOption) -> str:
    described = option.type_descriptor
    if described.is_choice:
        return "|".join(str(getattr(choice, "value", choice)) for choice in described.choices or ())
    kind = described.annotation
    return "PATH" if isinstance(kind, type) and issubclass(kind, Path) else VALUES.get(option.bare_type(), "TEXT")
