"""`loranchor revoke request|support|settle|status`: taking contributions out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from orchestrator.commands import revoke_verify
from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, console, emit
from orchestrator.types import Digest, OrganisationId

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.chain.contracts import PrivateContracts
    from orchestrator.chain.proxy import Call
    from orchestrator.daemon.view import Look
    from orchestrator.ledger.entities import LedgerState, Revocation

Request = Annotated[str, typer.Argument(metavar="ID", help="The request, or as much of its beginning as tells it.")]

app = typer.Typer(help="Revocations.", no_args_is_help=True)
app.command("certificate")(revoke_verify.certificate)
app.command("verify")(revoke_verify.verify)
output = console(markup=False)  # members choose the reasons, and a bracket in one is no style


@app.command()
def request(
    home: Home,
    update: Annotated[list[str] | None, typer.Option("--update", help="A contribution; all own ones without.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Reason code, at most 32 ASCII characters.")] = "WITHDRAWN",
    mode: Annotated[
        str, typer.Option("--mode", help="What becomes of the model: drop; others are not carried out yet.")
    ] = "drop",
    urgent: Annotated[
        bool, typer.Option("--urgent", help="A quorum that supports it also fails the open round.")
    ] = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Ask for contributions to be dropped from the model and shredded. One's own need nobody's consent."""
    from orchestrator.daemon.access import connect
    from orchestrator.daemon.operations import request_revocation
    from orchestrator.daemon.view import look
    from orchestrator.disputes.names import one_of
    from orchestrator.disputes.revocations import check_mode
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose

    check_mode(mode)
    settings = compose(overrides or (), organisation_home=home)
    access = connect(settings, home, read_password(password_file))
    with access.keystore:
        known = look(access.private).state.updates if update else {}
        chosen = list(dict.fromkeys(one_of(known, item, "update") for item in update or ()))
        request_id = request_revocation(access, chosen, reason=reason, urgent=urgent)
    if as_json:
        emit({"request": request_id})
    else:
        output.print(f"revocation {request_id} is recorded; follow it with `loranchor revoke status`", soft_wrap=True)


@app.command()
def support(
    request_id: Request,
    home: Home,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Support another's request; a quorum approves it, and fails the open round where it is urgent."""
    from orchestrator.disputes.revocations import supporting_call

    _act(supporting_call, "supports", request_id, home, password_file, as_json, overrides)


@app.command()
def settle(
    request_id: Request,
    home: Home,
    certificate: Annotated[
        str | None,
        typer.Option("--certificate", metavar="DIGEST", help="Whose endorsements count; the most endorsed without."),
    ] = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Count again over the present members, where a step is late because members or quorum have changed."""
    from orchestrator.disputes.revocations import settling_call
    from orchestrator.errors import ConfigurationError
    from orchestrator.ledger.words import DIGEST

    if certificate is not None and not DIGEST.fullmatch(certificate):
        raise ConfigurationError(f"{certificate!r} is no digest", mend="write 0x and 64 lower-case digits")
    digest = None if certificate is None else Digest(certificate)

    def call(private: PrivateContracts, state: LedgerState, found: Revocation, _: OrganisationId) -> Call:
        return settling_call(private, state, found, digest)

    _act(call, "had the members' deeds counted again for", request_id, home, password_file, as_json, overrides)


@app.command()
def status(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show every revocation and the step it has reached, from the private chain alone; needs no password."""
    from orchestrator.chain.contracts import private_contracts
    from orchestrator.daemon.view import look
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    private = private_contracts(settings.connection("private"), settings.deployments)
    seen = look(private)
    rows: list[dict[str, Any]] = [
        {
            "request": found.id,
            "organisation": found.organisation,
            "reason": found.reason,
            "mode": found.mode.value,
            "urgent": found.urgent,
            "stage": private.revocations.stage_of(found.id, block=seen.block).name.lower(),
            **_waiting(private, seen, found),
            "updates": list(found.updates),
            "descendants": None if found.affected is None else list(found.affected),
            "manifest": found.replacement,
            "certificate": found.certificate,
            "receipts": sorted(found.receipts),
        }
        for found in seen.state.revocations.values()
    ]
    if as_json:
        emit({"revocations": rows})
        return
    output.print(_table(rows))
    for row in rows:
        waits = "waits for " if row["deadline"] else ""
        output.print(f"{row['request']}: {waits}{row['waiting']}", soft_wrap=True)


def _waiting(private: PrivateContracts, seen: Look, found: Revocation) -> dict[str, Any]:
    from orchestrator.disputes.revocations import waiting_of

    waiting = waiting_of(private, seen.state, found, seen.block)
    return {
        "waiting": waiting.words,
        "waiting_for": list(waiting.members),
        "deadline": waiting.deadline or None,
        "overdue": waiting.overdue,
    }


def _act(
    make: Callable[[PrivateContracts, LedgerState, Revocation, OrganisationId], Call],
    words: str,
    request_id: str,
    home: Path,
    password_file: Path | None,
    as_json: bool,
    overrides: list[str] | None,
) -> None:
    """Send one call about a request, and say where the request stands then."""
    from orchestrator.daemon.view import look
    from orchestrator.disputes.names import one_of
    from orchestrator.disputes.reach import keys, reach
    from orchestrator.disputes.revocations import waiting_of
    from orchestrator.keystore import read_password

    here = reach(home, overrides)

    def checked() -> tuple[Revocation, Call]:
        state = look(here.private).state
        found = state.revocations[one_of(state.revocations, request_id, "revocation request")]
        return found, make(here.private, state, found, here.me)

    found, call = checked()
    with keys(here, read_password(password_file), "private") as own:
        receipt = own.send("private", call, checked)
    seen = look(here.private, block=receipt.block)
    waiting = waiting_of(here.private, seen.state, seen.state.revocations[found.id], seen.block)
    stage = here.private.revocations.stage_of(found.id).name.lower()
    if as_json:
        emit({"request": found.id, "stage": stage, "waiting": waiting.words, "transaction": receipt.transaction})
    else:
        output.print(f"{here.me} {words} request {found.id}", soft_wrap=True)
        rest = f"; it waits for {waiting.words}" if waiting.deadline else ""
        output.print(f"it is {stage} now{rest}", soft_wrap=True)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("request", "organisation", "reason", "stage", "updates", "descendants", "receipts")
    for row in rows:
        descendants = "?" if row["descendants"] is None else str(len(row["descendants"]))
        table.add_row(
            row["request"][:14] + "…", row["organisation"], row["reason"], row["stage"], str(len(row["updates"])),
            descendants, ", ".join(row["receipts"]),
        )  # fmt: skip
    return table
