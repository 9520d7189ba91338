"""`loranchor round agree|open|status|watch|close|abandon`: rounds from an operator's view."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, console, emit

if TYPE_CHECKING:
    from orchestrator.chain.contracts import PrivateContracts
    from orchestrator.chain.proxy import Call
    from orchestrator.daemon.access import Access
    from orchestrator.disputes.reach import Reach
    from orchestrator.keystore import Role
    from orchestrator.ledger.agreement import Agreement

app = typer.Typer(help="Rounds of training.", no_args_is_help=True)
output = console()

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
    without_prekeys: Annotated[
        bool, typer.Option("--without-prekeys", help="Go on without members that cannot open its updates.")
    ] = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Open the next round with the experiment's task: `round open --home DIR experiment=NAME`."""
    from orchestrator.daemon.equipment import task_of_settings
    from orchestrator.daemon.operations import open_round

    with _access(home, password_file, overrides) as access:
        task = task_of_settings(access.settings)
        number = open_round(access, task, _agreement(access, agreement), without_prekeys=without_prekeys)
    if as_json:
        emit({"round": number, "task": task.digest})
    else:
        output.print(f"round {number} is open on task {task.digest}; follow it with `loranchor round watch`")


@app.command()
def status(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show every round, from the private chain alone; needs no password."""
    private = _private(home, overrides)
    rows, missing = _rows_of(private), _without_prekeys(private)
    if as_json:
        emit({"rounds": rows, "without_prekeys": missing})
        return
    output.print(_table(rows))
    for line in _notes(rows):
        output.print(line, soft_wrap=True, highlight=False, markup=False)
    if missing and not (rows and rows[-1]["next"]):  # a round that is open or has failed says what comes next
        told = "a round that opens now is not sealed to them; their daemons publish prekeys when they start"
        output.print(f"no unused prekey of {', '.join(missing)}: {told}", soft_wrap=True, highlight=False, markup=False)


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
            for note in _notes(rows[-1:]):
                output.print(note, soft_wrap=True, highlight=False, markup=False)
            return
        time.sleep(1)


@app.command()
def close(
    home: Home,
    number: Annotated[int | None, typer.Option("--round", metavar="N", help="Which; the open one without.")] = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """End a round whose phases are over, where no daemon has: the contract says whether it counts or has failed."""
    from orchestrator.daemon.view import look
    from orchestrator.disputes.reach import keys, reach
    from orchestrator.disputes.rounds import closing, open_round_of
    from orchestrator.keystore import read_password

    here = reach(home, overrides)

    def checked(which: int | None) -> tuple[int, Call]:
        state = look(here.private).state
        found = open_round_of(state, which)
        return found.id, closing(here.private, state, found)

    which, call = checked(number)
    with keys(here, read_password(password_file), "private") as own:
        receipt = own.send("private", call, lambda: checked(which))
    _tell_end(here, which, receipt.block, as_json)


@app.command()
def abandon(
    home: Home,
    number: Annotated[int, typer.Option("--round", metavar="N", help="The open round's number.")],
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Say that the open round should fail; it does once a quorum of those who were members at its opening says so."""
    from orchestrator.daemon.view import look
    from orchestrator.disputes.reach import keys, reach
    from orchestrator.disputes.rounds import abandoning, open_round_of
    from orchestrator.keystore import read_password

    here = reach(home, overrides)

    def checked() -> Call:
        return abandoning(here.private, open_round_of(look(here.private).state, number), here.me)

    call = checked()
    with keys(here, read_password(password_file), "private") as own:
        receipt = own.send("private", call, checked)
    _tell_end(here, number, receipt.block, as_json)


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


def _private(home: Path, overrides: list[str] | None) -> PrivateContracts:
    from orchestrator.chain.contracts import private_contracts
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    return private_contracts(settings.connection("private"), settings.deployments)


def _rows(home: Path, overrides: list[str] | None) -> list[dict[str, Any]]:
    return _rows_of(_private(home, overrides))


def _without_prekeys(private: PrivateContracts) -> list[str]:
    from orchestrator.daemon.view import look

    return list(look(private).state.without_prekeys)


def _rows_of(private: PrivateContracts, block: int | None = None) -> list[dict[str, Any]]:
    from orchestrator.daemon.view import look
    from orchestrator.disputes.rounds import failure_of, next_steps, spent_by
    from orchestrator.ledger.contributions import accepted_updates
    from orchestrator.ledger.entities import RoundStatus

    seen = look(private, block=block)
    state = seen.state
    rows: list[dict[str, Any]] = []
    for number, found in sorted(state.rounds.items()):
        is_open = found.status is RoundStatus.OPEN
        accepted = set() if is_open else set(accepted_updates(state, number))
        phase, deadline = private.rounds.phase_of(number), private.rounds.deadline_of(number) if is_open else 0
        spent = spent_by(state, found) if found.status is RoundStatus.FAILED else None
        rows.append(
            {
                "round": number,
                "status": found.status.value,
                "phase": phase.name.lower() if is_open else found.status.value,
                "deadline": deadline if is_open else None,
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
                "failure": found.failure,
                "why": failure_of(state, found),
                "abandoned_by": sorted(found.abandoners),
                "spent": None if spent is None else {"prekeys": list(spent.prekeys), "epsilon": dict(spent.epsilon)},
                "next": list(next_steps(state, found, phase, seen.block, deadline)),
            }
        )
    return rows


def _notes(rows: list[dict[str, Any]]) -> Iterator[str]:
    """What a table has no room for: why a round failed, what that cost, and what comes next."""
    from orchestrator.disputes.rounds import Spent, spent_words

    for row in rows:
        if row["why"]:
            yield f"round {row['round']} failed: {row['why']}"
            yield f"  spent: {spent_words(Spent(tuple(row['spent']['prekeys']), row['spent']['epsilon']))}"
        yield from (f"round {row['round']}: {step}" for step in row["next"])


def _tell_end(here: Reach, number: int, block: int, as_json: bool) -> None:
    """What became of a round in that block."""
    rows = _rows_of(here.private, block)
    row = next(item for item in rows if item["round"] == number)
    if as_json:
        emit(row)
        return
    if row["status"] == "open":
        wanted = ", ".join(row["abandoned_by"])
        output.print(f"round {number} is still open; {wanted} would abandon it", markup=False)
    elif row["status"] == "closed":
        accepted = sum(item["accepted"] for item in row["updates"])
        output.print(f"round {number} is closed with {accepted} contributions; its checkpoint is due", markup=False)
    for note in _notes([row]):
        output.print(note, soft_wrap=True, highlight=False, markup=False)


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
