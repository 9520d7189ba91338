"""`loranchor award …`: what rounds pay, and what members do when they dispute it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.chain.port import Receipt
    from orchestrator.chain.proxy import Call
    from orchestrator.disputes.awards_list import AwardList
    from orchestrator.disputes.reach import Reach
    from orchestrator.disputes.recount import Recount
    from orchestrator.disputes.sheets import Book
    from orchestrator.governance.ceremony import Ceremony
    from orchestrator.governance.decisions import Decision

app = typer.Typer(help="Awards: what is paid, and disputes about it.", no_args_is_help=True)
output = Console(markup=False, highlight=False, soft_wrap=True)  # members choose the reasons; lines stay whole

Sequence = Annotated[int, typer.Argument(metavar="SEQUENCE", help="The checkpoint's number.", min=1)]
MaybeSequence = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SEQUENCE] [KEY=VALUE]...", help="A checkpoint's number, and settings.", show_default=False
    ),
]
Lists = Annotated[
    list[Path] | None,
    typer.Option("--awards", metavar="FILE", help="A list that authorities agreed on (more than once)."),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the files that are written.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The decision and its signatures.")]


@app.command()
def show(
    home: Home,
    awards: Lists = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write each recomputed list there.")] = None,
    as_json: AsJson = False,
    words: MaybeSequence = None,
) -> None:
    """Show awards on chain beside what this command recomputes from the private chain; needs no password."""
    from orchestrator.disputes.award_decisions import sheet_of
    from orchestrator.disputes.awards_list import write_awards_list
    from orchestrator.disputes.sheet_text import book_lines, sheet_document, sheet_lines

    here, sequence = _here(home, words)
    book, recount = _book(here, awards)
    sheets = list(book.sheets.values()) if sequence is None else [sheet_of(book, sequence)]
    written = [
        str(write_awards_list(out / f"awards-{sheet.sequence}.json", sheet.recomputed))
        for sheet in sheets
        if out is not None and sheet.recomputed is not None and sheet.recomputed.awards
    ]
    if as_json:
        rows = [sheet_document(sheet, recount) for sheet in sheets]
        figures = {"block": book.block, "payout_cap": str(book.cap), "supply": str(book.supply)}
        emit({**figures, "awards": rows, "differences": list(book.differences), "files": written})
        return
    for sheet in sheets:
        for line in sheet_lines(sheet, recount, book.block):
            output.print(line)
    for line in (*book_lines(book), *(f"written: {name}" for name in written)):
        output.print(line)


@app.command(name="object")
def object_(
    sequence: Sequence,
    home: Home,
    reason: Annotated[str, typer.Option("--reason", help="Code of at most 32 ASCII characters, such as SCORES.")],
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Object to the awards of a checkpoint while its window is open; the first objection extends it once."""
    from orchestrator.disputes.award_actions import check_reason, objection
    from orchestrator.disputes.award_decisions import sheet_of
    from orchestrator.disputes.sheets import book_of

    check_reason(reason)
    here = _reach(home, overrides)
    book = book_of(here.public, None, "an objection needs no recomputation")
    call = objection(here.public, here.me, sheet_of(book, sequence), book.block, reason)
    receipt = _send(here, password_file, call)
    until = here.public.awards.publication(sequence).claimable_from - 1
    if as_json:
        emit({"sequence": sequence, "transaction": receipt.transaction, "objections_until": until})
    else:
        output.print(f"{here.me} objects to the awards of checkpoint {sequence}: {reason} (block {receipt.block})")
        output.print(f"the window is open up to block {until}; until then a quorum of authorities can replace the root")


@app.command()
def publish(
    sequence: Sequence,
    home: Home,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Carry the awards root of an anchored checkpoint to the distributor, where no daemon has."""
    from orchestrator.disputes.award_actions import publication

    here = _reach(home, overrides)
    call = publication(here.public, sequence)
    receipt = None if call is None else _send(here, password_file, call)
    published = here.public.awards.publication(sequence)
    if as_json:
        sent = None if receipt is None else receipt.transaction
        emit({"sequence": sequence, "root": published.root, "transaction": sent})
        return
    done = "was published already; nothing was sent" if receipt is None else f"published in block {receipt.block}"
    output.print(f"checkpoint {sequence}: root {published.root} {done}")
    output.print(f"objections are open up to block {published.claimable_from - 1}")


@app.command()
def claim(
    home: Home,
    organisation: Annotated[
        str | None, typer.Option("--organisation", metavar="NAME", help="Whose; this one's without.")
    ] = None,
    awards: Lists = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    words: MaybeSequence = None,
) -> None:
    """Claim vested awards, in batches; they are paid to their owner whoever sends them."""
    from orchestrator.disputes.award_actions import batches, claims_of, paid_in
    from orchestrator.disputes.sheet_text import tokens
    from orchestrator.organisation import check_name

    here, sequence = _here(home, words)
    whose = here.me if organisation is None else check_name(organisation)
    book, recount = _book(here, awards, strict=True)
    assert recount is not None
    found = claims_of(book, recount, whose, sequence)
    paid = sum(
        paid_in(here.public, receipt)
        for receipt in _send_all(here, password_file, [call for _, call in batches(here.public, found.ready)])
    )
    total = sum(claim.award.amount for claim in found.ready)
    if as_json:
        emit(
            {
                "organisation": whose,
                "paid": paid,
                "amount": str(total),
                "later": found.later,
                "unknown": found.unprovable,
            }
        )
        return
    if found.ready:
        output.print(f"{whose}: {paid} of {len(found.ready)} awards paid now, {tokens(total)} in all")
    else:
        output.print(f"{whose} has nothing to claim now; nothing was sent")
    for line in (*found.later, *found.unprovable):
        output.print(f"  {line}")


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
    from orchestrator.disputes.award_decisions import check_agreed, pays, replacement, revived, sheet_of
    from orchestrator.disputes.awards_list import AwardList, read_awards_list, write_awards_list

    here = _reach(home, overrides)
    agreed = None if awards is None else read_awards_list(awards, sequence)
    book, recount = _book(here, None, strict=True)
    assert recount is not None
    sheet, point = sheet_of(book, sequence), recount.point(sequence)
    if agreed is None:
        point.require()
    wanted = agreed or AwardList(sequence, point.awards)
    decision = replacement(here.public, sheet, book.block, wanted)
    remarks = [*(check_agreed(sheet, recount, agreed) if agreed else ()), *revived(sheet, wanted)]
    told = pays(decision, book, recount, [wanted])
    listed = write_awards_list(out / f"awards-{sequence}.json", wanted)
    _propose(out / f"award-root-{sequence}.json", decision, as_json, remarks, [str(listed)], told)


@app.command()
def propose_void(
    sequence: Sequence,
    home: Home,
    update: Annotated[list[str] | None, typer.Option("--update", metavar="ID", help="An update's award.")] = None,
    index: Annotated[list[int] | None, typer.Option("--index", metavar="N", help="An award's index.")] = None,
    awards: Lists = None,
    out: Out = Path(),
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write a decision that voids awards, for delegates to sign: part of a revocation for cause."""
    from orchestrator.disputes.award_decisions import pays, sheet_of, void
    from orchestrator.disputes.names import one_of

    here = _reach(home, overrides)
    book, recount = _book(here, awards)
    sheet = sheet_of(book, sequence)
    known = [award.update_id for award in (sheet.listed.awards if sheet.listed else ())]
    updates = [one_of(known, item, f"award of checkpoint {sequence} for update") for item in update or ()]
    decision = void(here.public, sheet, updates, index or ())
    named = "-".join(map(str, decision.indices[:8]))
    told = pays(decision, book, recount, [sheet.listed] if sheet.listed else [])
    _propose(out / f"award-void-{sequence}-{named}.json", decision, as_json, told=told)


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
    decision = cap_change(_reach(home, overrides).public, cap)
    _propose(out / f"payout-cap-{decision.nonce}.json", decision, as_json)


@app.command()
def sign(
    file: File,
    home: Home,
    awards: Lists = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Sign a decision about awards with this member's key, once it is recomputed here; the file gets the signature."""
    from orchestrator.disputes.reach import keys
    from orchestrator.governance.ceremony import read_ceremony, write_ceremony
    from orchestrator.governance.wording import describe
    from orchestrator.keystore import read_password

    ceremony, here = read_ceremony(file), _reach(home, overrides)
    told = _meaning(here, ceremony, awards)
    if not as_json:
        for line in (*describe(ceremony.decision), *told):
            output.print(line)
    with keys(here, read_password(password_file), "public", role=ceremony.role) as own:
        signed = ceremony.signed(own.sign(ceremony.decision.digest()))
    fresh = signed.signatures != ceremony.signatures
    if fresh:
        write_ceremony(file, signed)
    _tell_progress(here, signed, file, as_json, f"{here.me} signed" if fresh else f"{here.me} had signed already")


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
    from orchestrator.disputes.award_decisions import check_timely, submission
    from orchestrator.disputes.sheets import book_of
    from orchestrator.governance.ceremony import merge, read_ceremony
    from orchestrator.governance.wording import describe

    ceremony = merge([read_ceremony(path) for path in (file, *(also or ()))])
    here = _reach(home, overrides)
    check_timely(here.public, ceremony.decision, book_of(here.public, None, "not needed for sending"))
    receipt = _send(here, password_file, submission(here.public, ceremony))
    if as_json:
        emit({"kind": ceremony.kind.value, "digest": ceremony.digest, "transaction": receipt.transaction})
        return
    output.print(f"decided in block {receipt.block}:")
    for line in describe(ceremony.decision):
        output.print(f"  {line}")


def _reach(home: Path, overrides: list[str] | None) -> Reach:
    from orchestrator.disputes.reach import reach

    return reach(home, overrides)


def _here(home: Path, words: list[str] | None) -> tuple[Reach, int | None]:
    """A number that comes before the settings is the checkpoint's."""
    from orchestrator.errors import ConfigurationError

    first, *rest = words or [""]
    if "=" in first or not first:
        return _reach(home, words), None
    if not first.isascii() or not first.isdigit() or int(first) == 0:
        raise ConfigurationError(f"{first!r} is no checkpoint's number", mend="give a number from 1, or none for all")
    return _reach(home, rest), int(first)


def _book(here: Reach, awards: list[Path] | None, *, strict: bool = False) -> tuple[Book, Recount | None]:
    """The awards on chain beside the recomputed ones; without the private chain, unless ``strict``, on chain alone."""
    from orchestrator.disputes.awards_list import read_awards_list
    from orchestrator.disputes.recount import recount
    from orchestrator.disputes.sheets import book_of
    from orchestrator.errors import ChainError

    lists: list[AwardList] = [read_awards_list(path) for path in awards or ()]
    found, why = None, ""
    try:
        found = recount(here)
    except ChainError as error:
        if strict:
            raise
        why = str(error)
    return book_of(here.public, found, why, lists), found


def _meaning(here: Reach, ceremony: Ceremony, awards: list[Path] | None) -> list[str]:
    """What a key is about to sign, once it is known to be timely and readable."""
    from orchestrator.disputes.award_decisions import check_meaning, check_timely, pays
    from orchestrator.disputes.awards_list import read_awards_list

    lists = [read_awards_list(path) for path in awards or ()]
    book, recount = _book(here, awards)
    check_timely(here.public, ceremony.decision, book)
    check_meaning(ceremony.decision, book, lists)
    return pays(ceremony.decision, book, recount, lists)


def _send(here: Reach, password_file: Path | None, call: Call) -> Receipt:
    return _send_all(here, password_file, [call])[0]


def _send_all(here: Reach, password_file: Path | None, calls: list[Call]) -> list[Receipt]:
    """By the delegate's key on the public chain; the password is asked for only if there is something to send."""
    from orchestrator.disputes.reach import keys
    from orchestrator.keystore import read_password

    if not calls:
        return []
    with keys(here, read_password(password_file), "public") as own:
        sender = own.sender("public")
        return [sender.send(call) for call in calls]


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


def _tell_progress(here: Reach, ceremony: Ceremony, file: Path, as_json: bool, done: str) -> None:
    from orchestrator.disputes.award_decisions import voters_of
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
