"""`loranchor round agree|open|status|watch`: rounds from an operator's view."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit

if TYPE_CHECKING:
    from orchestrator.daemon.access import Access
    from orchestrator.keystore import Role
    from orchestrator.ledger.agreement import Agreement

app = typer.Typer(help="Rounds of training.", no_args_is_help=True)
output = Console()

AgreementFile = Annotated[
    Path | None,
    typer.Option("--agreement", help="JSON with title, purpose and terms; without, the packaged example's."),
]


@app.command()
def agree(
    home: Home,
    password_file: PasswordFile = None,
    agreement: AgreementFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Accept the agreement that rounds run under, with the authority's key."""
    from orchestrator.daemon.operations import accept_agreement

    with _access(home, password_file, overrides, role="authority") as access:
        document = _agreement(access, agreement)
        receipt = accept_agreement(access, document)
    if as_json:
        emit({"agreement": document.digest, "transaction": receipt.transaction if receipt else None})
    elif receipt is None:
        output.print(f"{access.me} had accepted agreement {document.digest} already; nothing was sent")
    else:
        output.print(f"{access.me} accepts agreement {document.digest} in block {receipt.block}")


@app.command(name="open")
def open_(
    home: Home,
    password_file: PasswordFile = None,
    agreement: AgreementFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Open the next round with the experiment's task: `round open --home DIR experiment=NAME`."""
    from orchestrator.daemon.equipment import task_of_settings
    from orchestrator.daemon.operations import open_round

    with _access(home, password_file, overrides) as access:
        task = task_of_settings(access.settings)
        number = open_round(access, task, _agreement(access, agreement))
    if as_json:
        emit({"round": number, "task": task.digest})
    else:
        output.print(f"round {number} is open on task {task.digest}; follow it with `loranchor round watch`")


@app.command()
def status(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show every round, from the private chain alone; needs no password."""
    rows = _rows(home, overrides)
    if as_json:
        emit({"rounds": rows})
    else:
        output.print(_table(rows))


@app.command()
def watch(home: Home, overrides: Overrides = None) -> None:
    """Follow the newest round until it has ended."""
    last = ""
    while True:
        rows = _rows(home, overrides)
        if not rows:
            line = "no round yet"
        else:
            newest = rows[-1]
            line = f"round {newest['round']}: {newest['phase']}, {len(newest['updates'])} updates"
        if line != last:
            output.print(line)
            last = line
        if rows and rows[-1]["status"] != "open":
            output.print(_table(rows[-1:]))
            return
        time.sleep(1)


@contextmanager
def _access(
    home: Path, password_file: Path | None, overrides: list[str] | None, *, role: Role = "delegate"
) -> Iterator[Access]:
    from orchestrator.daemon.access import connect
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    access = connect(settings, home, read_password(password_file), roles=(role,))
    with access.keystore:
        yield access


def _agreement(access: Access, path: Path | None) -> Agreement:
    from orchestrator.daemon.equipment import agreement_of

    members = [seat.organisation for seat in access.private.consortium.members()]
    return agreement_of(path, access.private.deployment.consortium_id, members)


def _rows(home: Path, overrides: list[str] | None) -> list[dict[str, Any]]:
    from orchestrator.chain.contracts import private_contracts
    from orchestrator.daemon.view import look
    from orchestrator.ledger.contributions import accepted_updates
    from orchestrator.ledger.entities import RoundStatus
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    private = private_contracts(settings.connection("private"), settings.deployments)
    state = look(private).state
    rows: list[dict[str, Any]] = []
    for number, found in sorted(state.rounds.items()):
        is_open = found.status is RoundStatus.OPEN
        accepted = set() if is_open else set(accepted_updates(state, number))
        rows.append(
            {
                "round": number,
                "status": found.status.value,
                "phase": private.rounds.phase_of(number).name.lower() if is_open else found.status.value,
                "deadline": private.rounds.deadline_of(number) if is_open else None,
                "manifest": found.opening.manifest_digest,
                "updates": [
                    {
                        "update_id": update_id,
                        "organisation": state.updates[update_id].organisation,
                        "released": state.updates[update_id].released,
                        "accepted": None if is_open else update_id in accepted,
                    }
                    for update_id in found.submissions
                ],
            }
        )
    return rows


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("round", "phase", "deadline", "manifest", "updates")
    for row in rows:
        marks = {True: "accepted", False: "rejected", None: "pending"}
        updates = "\n".join(
            f"{item['organisation']} {item['update_id'][:10]}… {marks[item['accepted']]}" for item in row["updates"]
        )
        deadline = "" if row["deadline"] is None else f"block {row['deadline']}"
        table.add_row(str(row["round"]), row["phase"], deadline, row["manifest"][:14] + "…", updates)
    return table
