"""The command line: finds the commands, and turns every outcome into an exit status.

A command `X` is the function `run` in `codesign/cli/commands/x.py`; a new one needs no edit here.

Exit status: 0 all is well, 1 a verification found a difference, 2 something the user can mend, said in one line,
130 interrupted.
"""

from __future__ import annotations

import errno
import sys
import warnings
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

from codesign.cli import commands
from codesign.cli.console import InterruptedWorkError
from codesign.errors import CodesignError
from codesign.version import VERSION

OK, DIFFERENT, MISTAKE, INTERRUPTED = 0, 1, 2, 130

OF_THE_SYSTEM = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room in the quota",
    errno.EFBIG: "raise the limit of file sizes",
    errno.EROFS: "choose a folder that can be written",
    errno.EACCES: "choose a folder that can be read and written",
    errno.EPERM: "choose a folder that can be read and written",
}
"""What the system refuses to any program, and what can be done about it."""


def build_app() -> typer.Typer:
    """The application with every command of `codesign/cli/commands`."""
    app = typer.Typer(
        name="codesign",
        help="Quantized networks from PyTorch to FPGA hardware, bit-exact at every step.",
        add_completion=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def options(
        version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
    ) -> None:
        if version:
            typer.echo(f"codesign {VERSION}")
            raise typer.Exit

    modules = {m.name: import_module(f"{commands.__name__}.{m.name}") for m in iter_modules(commands.__path__)}
    for name, module in sorted(modules.items(), key=lambda item: item[1].ORDER):
        app.command(name)(module.run)
    return app


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the `codesign` program; never returns."""
    sys.exit(status(arguments))


def status(arguments: list[str] | None = None) -> int:
    """Runs one command line and returns its exit status."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries address their warnings to developers
    try:
        outcome = build_app()(arguments, standalone_mode=False, prog_name="codesign")
    except InterruptedWorkError as interruption:
        return _say(f"interrupted; {interruption}", INTERRUPTED)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted; files that were complete are kept", INTERRUPTED)
    except CodesignError as error:
        return _say(f"error: {error}", MISTAKE)
    except BrokenPipeError:
        sys.stdout = None  # the reader has gone: nothing is left to flush
        return OK
    except OSError as error:
        if error.errno not in OF_THE_SYSTEM:
            raise
        place = f"{error.filename}: " if error.filename else ""
        return _say(f"error: {place}{error.strerror}; {OF_THE_SYSTEM[error.errno]}, then run it again", MISTAKE)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        program = context.command_path if context else "codesign"
        return _say(f"error: {error.format_message().rstrip('.')}; see `{program} --help`", MISTAKE)
    return outcome if isinstance(outcome, int) else OK


def _say(message: str, code: int) -> int:
    print(f"codesign: {' '.join(message.split())}", file=sys.stderr)
    return code
