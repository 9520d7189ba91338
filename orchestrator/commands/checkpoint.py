"""`loranchor checkpoint …`: where checkpoints stand, what members signed, and proofs that one signed two contents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.chain.port import Receipt
    from orchestrator.chain.proxy import Call
    from orchestrator.disputes.equivocation import Findings
    from orchestrator.disputes.reach import Reach
    from orchestrator.disputes.recount import Recount
    from orchestrator.disputes.signatures import Collection

app = typer.Typer(help="Checkpoints: what is signed and anchored.", no_args_is_help=True)
equivocation = typer.Typer(help="Members that signed two contents for one checkpoint.", no_args_is_help=True)
app.add_typer(equivocation, name="equivocation")
output = Console(markup=False, highlight=False, soft_wrap=True)  # whole lines: they hold digests and commands

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the files that are written.")]
Documents = Annotated[
    list[Path] | None,
    typer.Option("--document", metavar="FILE", help="A signed checkpoint that somebody gave you (more than once)."),
]


@app.command()
def status(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show the head, what is due, who has attested to what, what is missing, and drift; needs no password."""
    from orchestrator.disputes.checkpoint_status import status_of
    from orchestrator.disputes.checkpoint_text import status_document, status_lines

    here, recount = _look(home, overrides)
    found = status_of(here.public, here.private, recount)
    if as_json:
        emit(status_document(found))
        return
    for line in status_lines(found):
        output.print(line)


@app.command()
def export(
    home: Home,
    sequence: Annotated[int, typer.Option("--sequence", min=1, help="The checkpoint's number.")],
    documents: Documents = None,
    out: Out = Path(),
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write what members signed for a checkpoint, a file for each signer and head, from the chains alone."""
    from orchestrator.disputes.signed import write_signed
    from orchestrator.errors import ProtocolError

    here, recount = _look(home, overrides)
    found = _collected(here, recount, documents)
    wanted = {
        (item.signed.organisation, item.signed.head): item.signed
        for item in found.seen
        if item.signed.checkpoint.sequence == sequence
    }
    if not wanted:
        raise ProtocolError(f"nobody is known to have signed checkpoint {sequence}", mend="see `checkpoint status`")
    written = [
        write_signed(out / f"checkpoint-{sequence}-{name}-{head[2:10]}.json", signed)
        for (name, head), signed in sorted(wanted.items())
    ]
    if as_json:
        emit({"sequence": sequence, "files": [str(path) for path in written], "unread": found.unread})
        return
    for line in (*(f"written: {path}" for path in written), *(f"not read: {item}" for item in found.unread)):
        output.print(line)


@app.command()
def anchor(
    home: Home, password_file: PasswordFile = None, as_json: AsJson = False, overrides: Overrides = None
) -> None:
    """Relay the next checkpoint by hand, with the signatures that members posted on the private chain."""
    from orchestrator.disputes.checkpoint_status import status_of
    from orchestrator.disputes.relay import anchoring, next_pending

    here, recount = _look(home, overrides)
    pending = next_pending(status_of(here.public, here.private, recount))
    if pending is None:
        if as_json:
            emit({"sequence": None, "transaction": None})
        else:
            output.print("every checkpoint that is due is anchored; nothing was sent")
        return
    sequence = pending.point.due.sequence

    def checked() -> Call:
        return anchoring(here.public, status_of(here.public, here.private, recount), sequence)

    receipt, head = _send(here, password_file, checked), here.public.anchor.head()
    if as_json:
        emit({"sequence": sequence, "head": head, "transaction": receipt.transaction})
    else:
        output.print(f"checkpoint {sequence} is anchored in block {receipt.block}; the head is {head}")


@equivocation.command()
def scan(
    home: Home,
    documents: Documents = None,
    out: Out = Path(),
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Compare everything that members signed with itself and with the records. Ends with 8 if anything is found."""
    from orchestrator.disputes.checkpoint_text import findings_document, findings_lines
    from orchestrator.disputes.signed import write_signed
    from orchestrator.errors import AuditFailure

    here, recount = _look(home, overrides)
    found = _collected(here, recount, documents)
    findings = _compared(here, recount, found)
    files: list[list[str]] = []
    for item in findings.equivocations:
        stem = f"equivocation-{item.sequence}-{item.organisation}"
        pair = (item.a.signed, item.b.signed)
        files.append([str(write_signed(out / f"{stem}-{signed.head[2:10]}.json", signed)) for signed in pair])
    unknown = {str(number): str(why) for number, why in recount.unknown.items()}
    if as_json:
        rest = {"signatures": len(found.seen), "unread": found.unread, "not_recomputed": unknown}
        emit({**findings_document(findings, files), **rest})
    else:
        for line in findings_lines(findings, files):
            output.print(line)
        for line in (
            *found.unread,
            *(f"checkpoint {number} with the records: {why}" for number, why in unknown.items()),
        ):
            output.print(f"not compared: {line}")
        output.print(f"{len(found.seen)} signatures compared{', nothing found' if findings.none else ''}")
    if not findings.none:
        raise typer.Exit(AuditFailure.exit_code)
    if recount.unknown:  # nothing was found, but not everything was looked at
        raise typer.Exit(next(iter(recount.unknown.values())).exit_code)


@equivocation.command()
def prove(
    a: Annotated[Path, typer.Argument(metavar="A.json", help="What the member signed.")],
    b: Annotated[Path, typer.Argument(metavar="B.json", help="What it also signed.")],
    home: Home,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Check two signed checkpoints here, then prove the equivocation to the contract: it stays on record for ever."""
    from orchestrator.disputes.proof import proof
    from orchestrator.disputes.signed import read_signed
    from orchestrator.errors import ProtocolError

    first, second = read_signed(a), read_signed(b)
    here = _reach(home, overrides)
    organisation, call = proof(here.public, first, second)
    sequence = first.checkpoint.sequence

    def checked() -> Call:
        found = proof(here.public, first, second)[1]
        if found is None:
            raise ProtocolError(f"the equivocation of {organisation} was proven by somebody else just now")
        return found

    receipt = None if call is None else _send(here, password_file, checked)
    if as_json:
        sent = None if receipt is None else receipt.transaction
        emit({"sequence": sequence, "organisation": organisation, "transaction": sent})
    elif receipt is None:
        output.print(f"the equivocation of {organisation} at checkpoint {sequence} was on record; nothing was sent")
    else:
        output.print(f"proven in block {receipt.block}: {organisation} signed two contents for checkpoint {sequence}")
        output.print("it stays on the public chain's record for ever")


@equivocation.command(name="list")
def list_(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show every equivocation on the public chain's record; needs no password."""
    from orchestrator.disputes.anchored import proven_equivocations
    from orchestrator.disputes.checkpoint_text import proven_document, proven_line

    here = _reach(home, overrides)
    found = proven_equivocations(here.public, block=here.public.anchor.chain.block_number())
    if as_json:
        emit({"equivocations": [proven_document(item) for item in found]})
        return
    for item in found:
        output.print(proven_line(item))
    if not found:
        output.print("no equivocation is on record")


def _reach(home: Path, overrides: list[str] | None) -> Reach:
    from orchestrator.disputes.reach import reach

    return reach(home, overrides)


def _look(home: Path, overrides: list[str] | None) -> tuple[Reach, Recount]:
    from orchestrator.disputes.recount import recount

    here = _reach(home, overrides)
    return here, recount(here)


def _collected(here: Reach, recount: Recount, documents: list[Path] | None) -> Collection:
    from orchestrator.disputes.anchored import anchor_view
    from orchestrator.disputes.signatures import collect
    from orchestrator.disputes.signed import read_signed

    handed = [(str(path), read_signed(path)) for path in documents or ()]
    view = anchor_view(here.public, block=here.public.anchor.chain.block_number())
    return collect(here.public, here.private, view, recount, handed)


def _compared(here: Reach, recount: Recount, found: Collection) -> Findings:
    from orchestrator.disputes.anchored import proven_equivocations
    from orchestrator.disputes.equivocation import compare

    contents = {number: point.content for number, point in recount.points.items() if point.content is not None}
    block = here.public.anchor.chain.block_number()
    proven = {(item.sequence, item.organisation) for item in proven_equivocations(here.public, block=block)}
    return compare(found, contents, proven)


def _send(here: Reach, password_file: Path | None, make: Callable[[], Call]) -> Receipt:
    """By the delegate's key on the public chain; the password is asked for once there is something to send."""
    from orchestrator.disputes.reach import keys
    from orchestrator.keystore import read_password

    call = make()
    with keys(here, read_password(password_file), "public") as own:
        return own.send("public", call, make)
