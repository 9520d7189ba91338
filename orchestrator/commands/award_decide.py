"""`loranchor award propose-…|sign|submit`: what a quorum decides about awards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands.award_parts import Lists, Out, Sequence, app, booked, output, reached, sent
from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit
from orchestrator.commands.consortium_parts import KeyFileOption, MaybeHome, Yes, ask, password_of, signing_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.chain.proxy import Call
    from orchestrator.disputes.reach import Reach
    from orchestrator.disputes.recount import Recount
    from orchestrator.disputes.sheets import Sheet
    from orchestrator.governance.ceremony import Ceremony
    from orchestrator.governance.decisions import Decision
    from orchestrator.types import UpdateId

File = Annotated[Path, typer.Argument(metavar="FILE", help="The decision and its signatures.")]


@app.command()
def propose_root(
    sequence: Sequence,
    home: Home,
    awards: Annotated[
        Path | None, typer.Option("--awards", metavar="FILE", help="The list agreed on; recomputed without.")
    ] = None,
    out: Out = Path(),
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write a decision for another awards root, for authorities to sign, and the list that it pays by."""
    from orchestrator.disputes.award_checks import award_lines
    from orchestrator.disputes.award_decisions import check_agreed, replacement, revived
    from orchestrator.disputes.awards_list import AwardList, read_awards_list, write_awards_list

    here = reached(home, overrides)
    agreed = None if awards is None else read_awards_list(awards, sequence)
    book, recount = booked(here, None, strict=True)
    assert recount is not None
    sheet, point = book.sheet(sequence), recount.point(sequence)
    if agreed is None:
        point.require()
    wanted = agreed or AwardList(sequence, point.awards)
    decision = replacement(here.public, sheet, book.block, wanted)
    remarks = [*(check_agreed(sheet, recount, agreed) if agreed else ()), *revived(sheet, wanted)]
    told = award_lines(wanted.awards, recount)
    listed = write_awards_list(out / f"awards-{sequence}.json", wanted)
    _propose(out / f"award-root-{sequence}.json", decision, as_json, remarks, [str(listed)], told)


@app.command()
def propose_void(
    sequence: Sequence,
    home: Home,
    update: Annotated[list[str] | None, typer.Option("--update", metavar="ID", help="An update's award.")] = None,
    index: Annotated[list[int] | None, typer.Option("--index", metavar="N", help="An award's index.")] = None,
    revocation: Annotated[
        str | None, typer.Option("--revocation", metavar="ID", help="What a certified request's reason voids.")
    ] = None,
    awards: Lists = None,
    out: Out = Path(),
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write a decision that voids awards, for delegates to sign: part of a revocation for cause."""
    from orchestrator.disputes.award_checks import award_lines
    from orchestrator.disputes.award_decisions import void
    from orchestrator.disputes.names import one_of

    here = reached(home, overrides)
    book, recount = booked(here, awards)
    sheet = book.sheet(sequence)
    known = [award.update_id for award in (sheet.listed.awards if sheet.listed else ())]
    updates = [one_of(known, item, f"award of checkpoint {sequence} for update") for item in update or ()]
    if revocation is not None:
        updates += _voided_by(here, recount, sheet, revocation)
    decision = void(here.public, sheet, updates, index or ())
    named = "-".join(map(str, decision.indices[:8]))
    assert sheet.listed is not None  # a void is of the present list
    told = award_lines([item for item in sheet.listed.awards if item.index in decision.indices], recount)
    _propose(out / f"award-void-{sequence}-{named}.json", decision, as_json, told=told)


def _voided_by(here: Reach, recount: Recount | None, sheet: Sheet, revocation: str) -> tuple[UpdateId, ...]:
    """What a request's reason voids; the private chain says which request."""
    from orchestrator.disputes.anchored import anchor_view
    from orchestrator.disputes.names import one_of
    from orchestrator.disputes.revoked_awards import voided_by
    from orchestrator.errors import ChainError

    if recount is None:
        raise ChainError("the private chain, which knows the request, did not answer", mend="start its node")
    requests = recount.state.revocations
    found = requests[one_of(requests, revocation, "revocation request")]
    return voided_by(recount.state, found, sheet, anchor_view(here.public))


@app.command()
def propose_cap(
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Tokens, such as 250 or 0.5; or 1000wei.")],
    home: Home,
    out: Out = Path(),
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write a decision for another cap on what a later round pays, for authorities to sign."""
    from orchestrator.disputes.award_decisions import amount_of, cap_change

    cap = amount_of(amount)
    decision = cap_change(reached(home, overrides).public, cap)
    _propose(out / f"payout-cap-{decision.nonce}.json", decision, as_json)


@app.command()
def sign(
    file: File,
    home: MaybeHome = None,
    key_file: KeyFileOption = None,
    awards: Lists = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no chain; --awards says what is paid.")] = False,
    yes: Yes = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Sign a decision about awards with this member's key, once it is recomputed here; the file gets the signature."""
    from orchestrator.disputes.award_checks import check_voter
    from orchestrator.governance.ceremony import read_ceremony, write_ceremony
    from orchestrator.governance.wording import describe

    ceremony, here = read_ceremony(file), reached(home, overrides)
    told = _meaning(None if offline else here, ceremony, awards)
    if not as_json:
        for line in (*describe(ceremony.decision), *told):
            output.print(line)
    with signing_key(home, key_file, password_of(password_file, key_file, home), ceremony.role) as key:
        name = key.address if offline else check_voter(here.public, ceremony, key.address)
        fresh = key.address not in ceremony.signatures
        if fresh:
            ask(f"Sign this as {name}?", yes)
            ceremony = ceremony.signed(key.sign_digest(ceremony.decision.digest()))
            write_ceremony(file, ceremony)
    done = f"{name} {'signed' if fresh else 'had signed already'}"
    _tell_progress(None if offline else here, ceremony, file, as_json, done)


@app.command()
def submit(
    file: File,
    home: Home,
    also: Annotated[
        list[Path] | None, typer.Option("--also", metavar="FILE", help="Another copy of it, signed elsewhere.")
    ] = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Send a decision about awards to the contract, once a quorum has signed it."""
    from orchestrator.disputes.award_checks import check_timely, submission
    from orchestrator.disputes.sheets import book_of
    from orchestrator.governance.ceremony import merge, read_ceremony
    from orchestrator.governance.wording import describe

    ceremony = merge([read_ceremony(path) for path in (file, *(also or ()))])
    here = reached(home, overrides)

    def checked() -> Call:
        check_timely(here.public, ceremony.decision, book_of(here.public, None, "not needed for sending"))
        return submission(here.public, ceremony)

    receipt = sent(here, password_file, checked)
    if as_json:
        emit({"kind": ceremony.kind.value, "digest": ceremony.digest, "transaction": receipt.transaction})
        return
    output.print(f"decided in block {receipt.block}:")
    for line in describe(ceremony.decision):
        output.print(f"  {line}")


def _meaning(here: Reach | None, ceremony: Ceremony, awards: list[Path] | None) -> list[str]:
    """What a key is about to sign, once it is known to be readable, and timely where a chain is asked."""
    from orchestrator.disputes.award_checks import award_lines, check_timely, meaning
    from orchestrator.disputes.award_decisions import check_unspent, present_list
    from orchestrator.disputes.awards_list import read_awards_list
    from orchestrator.governance.decisions import AwardVoid, RootReplacement

    decision, lists = ceremony.decision, [read_awards_list(path) for path in awards or ()]
    if here is None:
        return award_lines(meaning(decision, lists), None)
    book, recount = booked(here, awards)
    check_timely(here.public, decision, book)
    if not isinstance(decision, RootReplacement | AwardVoid):
        return []
    sheet = book.sheet(decision.sequence)
    if isinstance(decision, AwardVoid):
        check_unspent(sheet, present_list(sheet), set(decision.indices))
    known = [*([sheet.recomputed] if sheet.recomputed else ()), *lists]
    return award_lines(meaning(decision, known, sheet.problem), recount)


def _propose(
    path: Path,
    decision: Decision,
    as_json: bool,
    remarks: Iterable[str] = (),
    written: Iterable[str] = (),
    told: Iterable[str] = (),
) -> None:
    from orchestrator.disputes.files import write_new
    from orchestrator.governance.ceremony import Ceremony
    from orchestrator.governance.wording import describe

    ceremony = Ceremony.of(decision)
    write_new(path, ceremony.to_bytes())
    if as_json:
        emit({"file": str(path), "digest": ceremony.digest, "role": ceremony.role, "remarks": list(remarks)})
        return
    for line in (*describe(decision), *told):
        output.print(line)
    for remark in remarks:
        output.print(f"note: {remark}")
    for name in (*written, str(path)):
        output.print(f"written: {name}")
    keys = "authorities" if ceremony.role == "authority" else "delegates"
    output.print(f"next: a quorum of {keys} runs `loranchor award sign {path}`, then anyone `loranchor award submit`")


def _tell_progress(here: Reach | None, ceremony: Ceremony, file: Path, as_json: bool, done: str) -> None:
    if here is None:
        if as_json:
            emit({"file": str(file), "digest": ceremony.digest, "signers": list(ceremony.signatures)})
        else:
            output.print(done)
        return
    from orchestrator.disputes.award_checks import voters_of
    from orchestrator.governance.ceremony import standing
    from orchestrator.governance.wording import progress

    found = standing(ceremony, voters_of(here.public, ceremony), here.public.consortium.quorum())
    if as_json:
        emit({"file": str(file), "digest": ceremony.digest, "signed": found.signed, "quorum": found.quorum})
        return
    for line in (done, *progress(ceremony, found)):
        output.print(line)
    if not found.missing:
        output.print(f"next: `loranchor award submit {file}`")
