"""`loranchor disclosure …`: a reporter's and a maintainer's way from a weakness to its publication."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands import disclosure_contact
from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit
from orchestrator.commands.consortium_parts import KeyFileOption, MaybeHome
from orchestrator.commands.disclosure_parts import (
    ContactOption,
    Id,
    To,
    app,
    composed,
    contact_of,
    desk_for,
    output,
    sending,
)

if TYPE_CHECKING:
    from orchestrator.disclosure import Desk

__all__ = ["app", "disclosure_contact"]  # the second adds its verbs to the first

Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="2027-01-31, 2027-01-31T12:00Z, or +14d.", show_default=False),
]
OpeningFile = Annotated[
    Path,
    typer.Option("--opening", metavar="FILE", help="What `report` or `open` wrote.", show_default=False),
]
ReporterKeyFile = Annotated[
    Path, typer.Option("--key-file", metavar="FILE", help="The reporter's account.", show_default=False)
]


@app.command()
def report(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The report, in TOML.", show_default=False)],
    key_file: ReporterKeyFile,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep", metavar="FILE", help="Where the opening goes; else FILE.opening.json.", show_default=False
        ),
    ] = None,
    contact: ContactOption = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Seal a report to the maintainers, put it on IPFS and commit to it on the public chain."""
    from orchestrator.chain.sender import TransactionSender
    from orchestrator.disclosure import Opening, read_cases
    from orchestrator.disclosure.acting import hand_in
    from orchestrator.disclosure.key_files import open_account
    from orchestrator.disclosure.moments import shown
    from orchestrator.disclosure.opening import write_opening
    from orchestrator.disclosure.recipients import examine
    from orchestrator.disclosure.report import read_report
    from orchestrator.errors import ConfigurationError, EnvelopeError
    from orchestrator.keystore import read_password
    from orchestrator.storage import IpfsStore

    said, settings = read_report(file), composed(overrides)
    maintainers = contact_of(settings, contact)
    if maintainers is None:
        raise ConfigurationError("no contact is given", mend="name the maintainers' contact, from their security.txt")
    desk, store = desk_for(settings, maintainers), IpfsStore(settings.ipfs_api())
    found = examine(maintainers.recipients, desk.consortium.members(), desk.now())
    if not found.good:
        why = "; ".join(found.passed_over)
        raise EnvelopeError(f"there is nobody to seal the report to: {why}", mend="get a newer contact")
    key = open_account(key_file, read_password(password_file, prompt=f"Password of {key_file}: "))
    chain_id, registry = desk.chain.chain_id, desk.registry.address
    opening = Opening(chain_id, registry, key.address, key.salt(said.digest, chain_id, registry), said)
    kept = keep or file.with_name(f"{file.name}.opening.json")
    write_opening(kept, opening)
    sender = TransactionSender(desk.chain, key, timeout=float(settings.group("chain")["transaction_timeout"]))
    id, cid = hand_in(desk, opening, found.good, sender, store)
    case = read_cases(desk)[id]
    names = [item.organisation for item in found.good]
    if as_json:
        emit(
            {
                **case.document(desk.now()),
                "opening": str(kept),
                "recipients": names,
                "left_out": list(found.passed_over),
            }
        )
        return
    output.print(f"report {id}: sealed to {', '.join(names)} as {cid}; embargo until {shown(case.ends)}")
    for why in found.passed_over:
        output.print(f"  not sealed to {why}")
    output.print(f"keep {kept} to yourself until then: with it anybody can publish, from then on")
    output.print("keep your IPFS node up until a member has acknowledged it")


@app.command()
def acknowledge(
    id: Id,
    home: Home,
    until: Until = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="The embargo may be over by that time.")] = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Tell the reporter on the chain that a member has the report; may bring the end of the embargo forward."""
    from orchestrator.disclosure import acting, read_cases
    from orchestrator.disclosure.moments import moment
    from orchestrator.disclosure.refusal import UnknownReport

    settings = composed(overrides, home)
    desk = desk_for(settings, None)
    cases = read_cases(desk)
    if id not in cases:
        raise UnknownReport(f"there is no report {id}", mend="see `loranchor disclosure status`")
    ends = None if until is None else moment(until, cases[id].ends)
    with sending(desk, settings, home, None, password_file) as sender:
        acting.acknowledge(desk, id, sender, ends=ends, at_once=at_once)
    _tell(desk, id, as_json)


@app.command()
def extend(
    id: Id,
    until: Until = None,
    agree: Annotated[bool, typer.Option("--agree", help="To what the other side has proposed.")] = False,
    home: MaybeHome = None,
    key_file: KeyFileOption = None,
    contact: ContactOption = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Propose a later end of the embargo, or agree to one: it takes the reporter and a member."""
    from orchestrator.disclosure import acting, read_cases
    from orchestrator.disclosure.moments import moment
    from orchestrator.disclosure.refusal import UnknownReport
    from orchestrator.errors import ConfigurationError

    if (until is None) != agree:
        raise ConfigurationError("an extension needs an end", mend="give --until TIME, or --agree, and not both")
    settings = composed(overrides, home)
    desk = desk_for(settings, contact_of(settings, contact))
    case = read_cases(desk).get(id)
    if case is None:
        raise UnknownReport(f"there is no report {id}", mend="see `loranchor disclosure status`")
    with sending(desk, settings, home, key_file, password_file) as sender:
        other = case.proposed(by_reporter=sender.address != case.reporter)
        ends = other if until is None else moment(until, case.ends)
        if ends is None:
            raise ConfigurationError(f"nobody has proposed a later end of report {id}", mend="give --until TIME")
        acting.extend(desk, id, ends, sender)
    _tell(desk, id, as_json)


@app.command(name="open")
def open_(
    id: Id,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The key that `key` made.", show_default=False)],
    to: To,
    contact: ContactOption = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Fetch and open a sealed report, compare it with its commitment, and keep it on the own IPFS node."""
    from orchestrator.disclosure.fetching import fetch_opening
    from orchestrator.disclosure.key_files import open_key
    from orchestrator.disclosure.opening import write_opening
    from orchestrator.keystore import read_password
    from orchestrator.storage import IpfsStore

    settings = composed(overrides)
    desk, store = desk_for(settings, contact_of(settings, contact)), IpfsStore(settings.ipfs_api())
    private = open_key(key, read_password(password_file, prompt=f"Password of {key}: "))
    opening = fetch_opening(desk, id, private, store, timeout=float(settings.group("storage")["timeout"]))
    write_opening(to, opening)
    said = opening.report
    if as_json:
        emit({"id": id, "opening": str(to), "digest": said.digest, "report": said.document()})
        return
    output.print(f"report {id} ({said.severity}): {said.title}\n\n{said.description}\n\n{said.steps}\n")
    output.print(f"from {said.contact or 'somebody who gives no address'}; kept in {to}")
    output.print(f"next: `loranchor disclosure acknowledge {id}`")


@app.command()
def publish(
    id: Id,
    opening: OpeningFile,
    home: MaybeHome = None,
    key_file: KeyFileOption = None,
    contact: ContactOption = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Show a report after its embargo. Anybody with its opening may, and nobody can prevent it."""
    from orchestrator.disclosure import acting
    from orchestrator.disclosure.opening import read_opening
    from orchestrator.storage import IpfsStore

    found, settings = read_opening(opening), composed(overrides, home)
    desk, store = desk_for(settings, contact_of(settings, contact)), IpfsStore(settings.ipfs_api())
    with sending(desk, settings, home, key_file, password_file) as sender:
        acting.publish(desk, id, found, sender, store)
    _tell(desk, id, as_json)


@app.command()
def status(
    id: Annotated[int | None, typer.Option("--id", metavar="ID", help="One report alone.", min=1)] = None,
    due: Annotated[bool, typer.Option("--due", help="Only what a member must act on: 8 if there is any.")] = False,
    contact: ContactOption = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Show reports and their embargoes; needs no key. For reminders, run it with --due every day."""
    from orchestrator.disclosure.reminding import reminders, seen
    from orchestrator.disclosure.telling import case_line, case_lines
    from orchestrator.errors import AuditFailure

    settings = composed(overrides)
    desk = desk_for(settings, contact_of(settings, contact))
    cases, now = seen(desk, id), desk.now()
    why = reminders(cases, now, settings.group("disclosure"))
    shown = [case for case in cases if case.id in why] if due else cases
    if as_json:
        emit({"time": now, "reports": [{**case.document(now), "due": why.get(case.id)} for case in shown]})
    else:
        for case in shown:
            lines = [case_line(case, now)] if id is None else case_lines(case, now)
            output.print("\n".join([*lines, *([f"  due: {why[case.id]}"] if case.id in why else [])]))
        if not shown:
            output.print("nothing is due" if due else "there are no reports")
    if due and shown:
        raise typer.Exit(AuditFailure.exit_code)


def _tell(desk: Desk, id: int, as_json: bool) -> None:
    """The case as the chain has it now."""
    from orchestrator.disclosure import read_cases
    from orchestrator.disclosure.telling import case_lines

    case, now = read_cases(desk)[id], desk.now()
    if as_json:
        emit(case.document(now))
    else:
        output.print("\n".join(case_lines(case, now)))
