"""The command line: finds the commands, and turns every outcome into an exit status (`endings.py`).

A command `X` is the function `run` in `codesign/cli/commands/x.py`; a new one needs no edit here.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pkgutil import iter_modules
from signal import SIGINT
from typing import Annotated

import typer

from codesign.cli import commands
from codesign.cli.console import Loudness, loudness, set_loudness
from codesign.cli.endings import OK, ending, tidy_ends
from codesign.cli.help import SECTIONS, Group, Quiet, Verbose, described, with_common_options
from codesign.version import VERSION

EPILOG = (
    "Exit status: 0 all is well; 1 the verdict is no; 2 something you can mend, said in one line; "
    "70 a mistake of codesign's, with a file to attach to a report; 130 after Ctrl-C, 143 after SIGTERM."
)


def build_app() -> typer.Typer:
    """The application with every command of `codesign/cli/commands`."""
    app = typer.Typer(
        name="codesign",
        cls=Group,
        help="Quantized networks from PyTorch to FPGA hardware, bit-exact at every step. "
        "`codesign help COMMAND` explains a command, with examples.",
        epilog=EPILOG,
        no_args_is_help=True,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def options(
        version: Annotated[
            bool,
            typer.Option("--version", "-V", help="Print the version and stop.", is_eager=True, callback=_print_version),
        ] = False,
        quiet: Quiet = False,
        verbose: Verbose = False,
    ) -> None:
        set_loudness(quiet=quiet, verbose=verbose)  # what `version` asks is answered by then

    modules = {m.name: import_module(f"{commands.__name__}.{m.name}") for m in iter_modules(commands.__path__)}
    for name, module in sorted(modules.items(), key=lambda item: (SECTIONS.index(item[1].SECTION), item[1].ORDER)):
        app.command(name, rich_help_panel=module.SECTION, **described(module))(with_common_options(module.run))
    return app


def build_command() -> Group:
    """The same as a command that can be asked for its parts."""
    group = typer.main.get_command(build_app())
    assert isinstance(group, Group)
    return group


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"codesign {VERSION}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the `codesign` program; never returns."""
    sys.exit(status(arguments))


def status(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    set_loudness()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows another
    try:
        with tidy_ends(), warnings.catch_warnings():
            if not sys.warnoptions:
                warnings.simplefilter("ignore")  # libraries address their warnings to developers
            outcome = build_command()(_asked(given), standalone_mode=False, prog_name="codesign")
            if sys.stdout is not None:  # closed before we began
                sys.stdout.flush()
    except SystemExit as stop:
        if not isinstance(stop.__context__, BrokenPipeError):  # Typer's own way to end
            raise
        return ending(stop.__context__, given)
    except BaseException as error:
        return ending(error, given, trace=loudness() is Loudness.verbose)
    if outcome == 128 + SIGINT:  # all that Typer says of a KeyboardInterrupt
        return ending(KeyboardInterrupt(), given)
    return outcome if isinstance(outcome, int) else OK


def _asked(given: list[str]) -> list[str]:
    """Asks for help in the way that the commands know."""
    if not given:
        return ["--help"]
    return [*given[1:], "--help"] if given[0] == "help" else given
