"""The command line. Verbs live in :mod:`orchestrator.commands`; this mounts them and tells errors.

A foreseeable mistake is one line on standard error and the exit code of its error (docs/cli.md); never a traceback.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, cast

import typer

from orchestrator import __version__
from orchestrator.errors import LoranchorError

VERBS = (
    "doctor",
    "network",
    "org",
    "consortium",
    "daemon",
    "node",
    "round",
    "contribution",
    "revoke",
    "award",
    "checkpoint",
    "data",
    "model",
    "privacy",
    "evaluate",
    "release",
    "audit",
    "disclosure",
    "demo",
)
"""Modules of ``orchestrator.commands``, in the order of the help. A new verb is one more line."""

# Typer carries its own copy of Click in some releases: these are the classes that it really raises.
_UsageError = cast("type[Exception]", typer.BadParameter.__base__)
_ClickException = cast("type[Exception]", _UsageError.__base__)

USAGE = 2
INTERRUPTED = 130

app = typer.Typer(
    name="loranchor",
    help="Fine-tune one language model together: contributions on two chains, and out again with evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks would show local variables, passwords among them
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"loranchor {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _mount(verb: str) -> None:
    """A module whose one command has the verb's own name is that verb; any other is a group of verbs."""
    sub: typer.Typer = import_module(f"orchestrator.commands.{verb}").app
    commands = sub.registered_commands
    only = commands[0] if len(commands) == 1 and not sub.registered_callback else None
    if only is not None and only.callback is not None and (only.name or only.callback.__name__) == verb:
        app.registered_commands.append(only)
    else:
        app.add_typer(sub, name=verb)


for _verb in VERBS:
    _mount(_verb)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code."""
    as_json = "--json" in arguments
    try:
        code = typer.main.get_command(app).main(list(arguments), prog_name="loranchor", standalone_mode=False)
    except LoranchorError as error:
        _tell(error.message, error.mend, error.code, as_json)
        return error.exit_code
    except _ClickException as error:
        return _misused(error, as_json)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    if code == INTERRUPTED:
        _tell("interrupted", "", "Interrupted", as_json)
    return code if isinstance(code, int) else 0


def _misused(error: Any, as_json: bool) -> int:
    """A command line that does not parse. Without any verb, the help has been shown already."""
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(message, nl=bool(message))
    else:
        path = error.ctx.command_path if getattr(error, "ctx", None) else "loranchor"
        _tell(message.rstrip("."), f"see `{path} --help`", "Usage", as_json)
    return USAGE


def _tell(message: str, mend: str, code: str, as_json: bool) -> None:
    """One line for people, one object for programs; both on standard error."""
    flat = " ".join(message.split())
    if as_json:
        typer.echo(json.dumps({"error": {"code": code, "message": flat, "mend": mend}}, ensure_ascii=False), err=True)
    else:
        typer.echo(f"error: {flat}{f'; {mend}' if mend else ''}", err=True)


def main() -> None:
    """Entry point of ``loranchor``."""
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None  # the reader has gone: nothing more to say, not even at exit
        code = 141
    sys.exit(code)
