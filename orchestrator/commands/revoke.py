"""`loranchor revoke request|status`: taking contributions out again."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit
from orchestrator.types import UpdateId

app = typer.Typer(help="Revocations.", no_args_is_help=True)
output = Console(markup=False)  # members choose the reasons, and a bracket in one is no style


@app.command()
def request(
    home: Home,
    update: Annotated[list[str] | None, typer.Option("--update", help="A contribution; all own ones without.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Reason code, at most 32 ASCII characters.")] = "WITHDRAWN",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Ask for contributions to be dropped from the model and shredded. One's own need nobody's consent."""
    from orchestrator.daemon.access import connect
    from orchestrator.daemon.operations import request_revocation
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    access = connect(settings, home, read_password(password_file))
    with access.keystore:
        request_id = request_revocation(access, [UpdateId(item) for item in update or ()], reason=reason)
    if as_json:
        emit({"request": request_id})
    else:
        output.print(f"revocation {request_id} is recorded; follow it with `loranchor revoke status`")


@app.command()
def status(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show every revocation and the step it has reached, from the private chain alone; needs no password."""
    from orchestrator.chain.contracts import private_contracts
    from orchestrator.daemon.view import look
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    private = private_contracts(settings.connection("private"), settings.deployments)
    state = look(private).state
    rows: list[dict[str, Any]] = [
        {
            "request": found.id,
            "organisation": found.organisation,
            "reason": found.reason,
            "stage": private.revocations.stage_of(found.id).name.lower(),
            "updates": list(found.updates),
            "descendants": None if found.affected is None else list(found.affected),
            "manifest": found.replacement,
            "certificate": found.certificate,
            "receipts": sorted(found.receipts),
        }
        for found in state.revocations.values()
    ]
    if as_json:
        emit({"revocations": rows})
        return
    output.print(_table(rows))


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("request", "organisation", "reason", "stage", "updates", "descendants", "receipts")
    for row in rows:
        descendants = "?" if row["descendants"] is None else str(len(row["descendants"]))
        table.add_row(
            row["request"][:14] + "…", row["organisation"], row["reason"], row["stage"], str(len(row["updates"])),
            descendants, ", ".join(row["receipts"]),
        )  # fmt: skip
    return table
