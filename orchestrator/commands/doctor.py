"""`loranchor doctor`: is everything here that this installation, or this organisation, needs?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands.common import AsJson, Overrides, PasswordFile, console, emit
from orchestrator.errors import EnvironmentMissing

if TYPE_CHECKING:
    from orchestrator.diagnosis import Check

app = typer.Typer()

_MARKS = {"ok": "ok", "absent": "–", "warning": "!", "broken": "BROKEN"}


@app.command()
def doctor(
    home: Annotated[
        Path | None, typer.Option("--home", envvar="LORANCHOR_HOME", help="An organisation's folder, checked too.")
    ] = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Check packages, home, chains, contracts, consortium, IPFS, keystore, model and data; 3 if something is broken."""
    from orchestrator.diagnosis import diagnose

    checks = diagnose(overrides or (), home=home, password_file=password_file)
    broken = [check for check in checks if check.status == "broken"]
    if as_json:
        emit({"ok": not broken, "checks": [asdict(check) for check in checks]})
    else:
        from rich.table import Column, Table

        table = Table("", "check", Column("found", overflow="fold"), box=None, pad_edge=False)
        for check in checks:
            table.add_row(_MARKS[check.status], check.name, f"{check.detail}{f'; {check.mend}' if check.mend else ''}")
        console(highlight=False, markup=False).print(table)
        typer.echo(_summary(checks))
    if broken:
        raise typer.Exit(EnvironmentMissing.exit_code)


def _summary(checks: list[Check]) -> str:
    """Who looks for trouble hears of parts that are not there, too: without a chain nothing can be broken on it."""
    named = {status: [check.name for check in checks if check.status == status] for status in _MARKS}
    if named["broken"]:
        return f"{len(named['broken'])} broken: {', '.join(named['broken'])}."
    absent = [name for name in named["absent"] if not name.startswith("extra ")]
    parts = ["Nothing is broken."]
    parts += [f"To look at: {', '.join(named['warning'])}."] if named["warning"] else []
    parts += [f"Not set up here: {', '.join(absent)}."] if absent else []
    return " ".join(parts)
