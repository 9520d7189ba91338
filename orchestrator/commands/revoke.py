"""`loranchor revoke request|plan|support|settle|status`: taking contributions out again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from orchestrator.commands import revoke_one_shot, revoke_plan, revoke_verify
from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, console, emit
from orchestrator.commands.revoke_plan import ModeName, Owners, Reason, RoundNumber, Updates
from orchestrator.types import Digest, OrganisationId, RequestId

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.chain.contracts import PrivateContracts
    from orchestrator.chain.proxy import Call
    from orchestrator.daemon.view import Look
    from orchestrator.ledger.entities import LedgerState, Revocation

Request = Annotated[str, typer.Argument(metavar="ID", help="The request, or as much of its beginning as tells it.")]
SamplesFile = Annotated[
    Path | None,
    typer.Option(
        "--samples",
        metavar="FILE",
        help="Own samples, one a line, by id or exact text: they are never used again, and what saw them goes.",
    ),
]

app = typer.Typer(help="Revocations.", no_args_is_help=True)
app.command("plan")(revoke_plan.plan)
app.command("certificate")(revoke_verify.certificate)
app.command("verify")(revoke_verify.verify)
app.command("one-shot")(revoke_one_shot.one_shot)
app.command("one-shot-close")(revoke_one_shot.close)
output = console(markup=False)  # members choose the reasons, and a bracket in one is no style


@app.command()
def request(
    home: Home,
    update: Updates = None,
    round_number: RoundNumber = None,
    of: Owners = None,
    samples: SamplesFile = None,
    reason: Reason = "WITHDRAWN",
    mode: ModeName = None,
    urgent: Annotated[
        bool, typer.Option("--urgent", help="A quorum that supports it also fails the open round.")
    ] = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Ask for contributions to be taken out of the model and shredded. One's own need nobody's consent."""
    from orchestrator.daemon.access import connect
    from orchestrator.daemon.operations import request_revocation
    from orchestrator.daemon.view import look, tasks_of
    from orchestrator.disputes.planning import planned
    from orchestrator.disputes.scopes import named_updates
    from orchestrator.disputes.withdrawing import traced_samples, withdraw
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose
    from orchestrator.unlearning.policy import policy_of

    settings = compose(overrides or (), organisation_home=home)
    policy = policy_of(settings.values, mode)
    access = connect(settings, home, read_password(password_file))
    with access.keystore:
        state = look(access.private).state
        tasks = tasks_of(state, access.store)
        if samples is None:
            named = named_updates(state, tasks, access.me, updates=update or (), round_number=round_number, of=of or ())
            traced = None
        else:
            traced = traced_samples(state, tasks, access.me, home, samples, update, round_number, of)
            named = traced.updates
        plan = planned(state, tasks, home, access.me, named, reason=reason, policy=policy)

        def send(commitments: tuple[Digest, ...] = ()) -> RequestId:
            return request_revocation(
                access, plan.updates, reason=reason, urgent=urgent, mode=plan.chosen, samples=commitments
            )

        request_id = send() if traced is None else withdraw(home, traced.samples, send)
    if as_json:
        emit({"request": request_id, "mode": plan.chosen.value, **({} if traced is None else traced.document())})
    else:
        for line in [] if traced is None else traced.lines():
            output.print(line, soft_wrap=True)
        words = f"revocation {request_id} ({plan.chosen}) is recorded; follow it with `loranchor revoke status`"
        output.print(words, soft_wrap=True)


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
def status(
    home: Home,
    request_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One request, from its beginning on; all without.")
    ] = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Show every revocation and the step it has reached, or the time line of one; needs no password.

    The private chain tells all but how far rounds have come that are trained again, which needs the tasks on IPFS.
    """
    from orchestrator.daemon.view import look, tasks_of
    from orchestrator.disputes.again import progress_of, words_of
    from orchestrator.disputes.names import one_of
    from orchestrator.disputes.reach import reach

    here = reach(home, overrides)
    seen = look(here.private)
    revocations = seen.state.revocations
    if request_id is not None:
        chosen = revocations[one_of(revocations, request_id, "revocation request")]
        revocations = {chosen.id: chosen}
    progress = progress_of(seen.state, lambda: tasks_of(seen.state, here.store))
    rows: list[dict[str, Any]] = [
        {
            "request": found.id,
            "organisation": found.organisation,
            "reason": found.reason,
            "mode": found.mode.value,
            "urgent": found.urgent,
            "stage": here.private.revocations.stage_of(found.id, block=seen.block).name.lower(),
            **_waiting(here.private, seen, found),
            "updates": list(found.updates),
            "descendants": None if found.affected is None else list(found.affected),
            "manifest": found.replacement,
            "certificate": found.certificate,
            "receipts": sorted(found.receipts),
            "trained_again": progress.get(found.id),
            **({} if request_id is None else {"events": _events(seen, found)}),
        }
        for found in revocations.values()
    ]
    if as_json:
        emit({"revocations": rows})
        return
    output.print(_table(rows))
    for row, found in zip(rows, revocations.values(), strict=True):
        waits = "waits for " if row["deadline"] else ""
        output.print(f"{row['request']}: {waits}{row['waiting']}", soft_wrap=True)
        if row["trained_again"] is not None:
            output.print(f"{row['request']}: {words_of(found.mode, row['trained_again'])}", soft_wrap=True)
        for event in row.get("events", ()):
            who = f"{event['organisation']} " if event["organisation"] else ""
            output.print(f"block {event['block']}: {who}{event['words']}", soft_wrap=True)


def _events(seen: Look, found: Revocation) -> list[dict[str, Any]]:
    from orchestrator.disputes.timeline import document_of, timeline

    return document_of(timeline(seen.ledger.records, seen.state, found))


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
            row["request"][:14] + "…", row["organisation"], row["reason"], row["stage"],
            str(len(row["updates"])), descendants, ", ".join(row["receipts"]),
        )  # fmt: skip
    return table
