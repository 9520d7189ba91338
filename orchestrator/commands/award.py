"""`loranchor award …`: what rounds pay, and what members do when they dispute it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands import award_decide
from orchestrator.commands.award_parts import (
    Lists,
    MaybeSequence,
    Sequence,
    app,
    booked,
    output,
    reached,
    reached_with_sequence,
    sent,
)
from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit

if TYPE_CHECKING:
    from orchestrator.chain.proxy import Call

__all__ = ["app", "award_decide"]  # the second adds its verbs to the first


@app.command()
def show(
    home: Home,
    awards: Lists = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write each recomputed list there.")] = None,
    as_json: AsJson = False,
    words: MaybeSequence = None,
) -> None:
    """Show awards on chain beside what this command recomputes from the private chain; needs no password."""
    from orchestrator.disputes.awards_list import write_awards_list
    from orchestrator.disputes.sheet_text import book_lines, sheet_document, sheet_lines

    here, sequence = reached_with_sequence(home, words)
    book, recount = booked(here, awards)
    sheets = list(book.sheets.values()) if sequence is None else [book.sheet(sequence)]
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
    from orchestrator.disputes.sheets import book_of

    check_reason(reason)
    here = reached(home, overrides)

    def checked() -> Call:
        book = book_of(here.public, None, "an objection needs no recomputation")
        return objection(here.public, here.me, book.sheet(sequence), book.block, reason)

    receipt = sent(here, password_file, checked)
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
    from orchestrator.errors import ProtocolError

    here = reached(home, overrides)

    def checked() -> Call:
        found = publication(here.public, sequence)
        if found is None:
            raise ProtocolError(f"checkpoint {sequence} was published by somebody else just now")
        return found

    receipt = None if publication(here.public, sequence) is None else sent(here, password_file, checked)
    published, block = here.public.awards.publication(sequence), here.public.awards.chain.block_number()
    if as_json:
        emit({"sequence": sequence, "root": published.root, "transaction": receipt.transaction if receipt else None})
        return
    done = "was published already; nothing was sent" if receipt is None else f"published in block {receipt.block}"
    output.print(f"checkpoint {sequence}: root {published.root} {done}")
    are = "are" if block + 1 < published.claimable_from else "were"
    output.print(f"objections {are} open up to block {published.claimable_from - 1}")


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
    from orchestrator.disputes.award_actions import claim_all, claims_of
    from orchestrator.disputes.reach import keys
    from orchestrator.disputes.sheet_text import tokens
    from orchestrator.keystore import read_password
    from orchestrator.organisation import check_name

    here, sequence = reached_with_sequence(home, words)
    whose = here.me if organisation is None else check_name(organisation)
    book, recount = booked(here, awards, strict=True)
    assert recount is not None
    found = claims_of(book, recount, whose, sequence)
    paid: list[int] = []
    if found.ready:
        with keys(here, read_password(password_file), "public") as own:
            paid = claim_all(here.public, own.sender("public"), found.ready)
    if as_json:
        emit(
            {
                "organisation": whose,
                "paid": len(paid),
                "amount": str(sum(paid)),
                "later": found.later,
                "unknown": found.unprovable,
            }
        )
        return
    if found.ready:
        output.print(f"{whose}: {len(paid)} of {len(found.ready)} awards paid now, {tokens(sum(paid))} in all")
    else:
        output.print(f"{whose} has nothing to claim now; nothing was sent")
    for line in (*found.later, *found.unprovable):
        output.print(f"  {line}")
