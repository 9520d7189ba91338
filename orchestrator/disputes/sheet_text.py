"""The awards of checkpoints for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.disputes.awards_list import AwardList
from orchestrator.disputes.recount import Recount
from orchestrator.disputes.sheets import Book, Sheet, Stand


def tokens(amount: int) -> str:
    """An amount in tokens of 18 decimals, without trailing zeros."""
    whole, rest = divmod(amount, 10**18)
    return f"{whole}.{rest:018d}".rstrip("0").rstrip(".")


def sheet_document(sheet: Sheet, recount: Recount | None) -> dict[str, Any]:
    """One checkpoint's awards as JSON; amounts in the smallest unit, as text."""
    published = sheet.publication
    return {
        "sequence": sheet.sequence,
        "subject": sheet.subject,
        "stand": sheet.stand.value,
        "anchored_root": sheet.anchored_root,
        "recomputed_root": None if sheet.recomputed is None else sheet.recomputed.root,
        "not_recomputed": sheet.problem,
        "root": None if published is None else published.root,
        "objections_until": None if published is None else published.claimable_from - 1,
        "vested_from": sheet.vested_from,
        "cap": None if published is None else str(published.cap),
        "paid": None if published is None else str(published.claimed),
        "objections": [
            {"organisation": item.organisation, "reason": item.reason, "block": item.place.block}
            for item in sheet.objections
        ],
        "replacements": [
            {"previous": item.previous, "current": item.current, "block": item.place.block}
            for item in sheet.replacements
        ],
        "awards": _rows(sheet, recount),
        "differences": list(sheet.differences),
    }


def _rows(sheet: Sheet, recount: Recount | None) -> list[dict[str, Any]]:
    return [
        {
            "index": award.index,
            "organisation": None if recount is None else recount.owner(award.update_id),
            "update_id": award.update_id,
            "account": award.account,
            "amount": str(award.amount),
            "state": _state(sheet, award.index),
        }
        for award in (_shown(sheet).awards if _shown(sheet) else ())
    ]


def _shown(sheet: Sheet) -> AwardList:
    """The list on chain; before a publication, and where that list is not known, what the records give."""
    return sheet.listed or (sheet.recomputed if sheet.publication is None else None) or AwardList(sheet.sequence, ())


def _state(sheet: Sheet, index: int) -> str:
    if index in sheet.voided:
        return "void"
    return "paid" if index in sheet.claimed_indices else "open"


def sheet_lines(sheet: Sheet, recount: Recount | None, block: int) -> Iterator[str]:
    """One checkpoint's awards, for people."""
    subject = f" ({sheet.subject})" if sheet.subject else ""
    yield f"checkpoint {sheet.sequence}{subject}: {sheet.stand.value}"
    if sheet.stand is not Stand.NOTHING or sheet.differences:
        yield from _roots(sheet)
    yield from _window(sheet, block)
    for item in sheet.objections:
        yield f"  objection       {item.organisation} in block {item.place.block}: {item.reason}"
    for change in sheet.replacements:
        yield f"  root replaced   in block {change.place.block}: {change.previous} by {change.current}"
    if sheet.publication is not None and sheet.listed is None and sheet.stand is not Stand.WITHDRAWN:
        yield "  awards          the list behind this root is not known here; give it with --awards"
    for row in _rows(sheet, recount):
        paid_to, amount = row["organisation"] or row["account"], tokens(int(row["amount"]))
        yield f"  award {row['index']:<9} {paid_to}: {amount}, {row['state']} (update {row['update_id']})"
    for difference in sheet.differences:
        yield f"  DIFFERS         {difference}"


def _roots(sheet: Sheet) -> Iterator[str]:
    if sheet.publication is not None:
        yield f"  root on chain   {sheet.publication.root}"
    else:
        yield f"  root anchored   {sheet.anchored_root or 'none yet'}"
    own = sheet.recomputed.root if sheet.recomputed is not None else f"not recomputed: {sheet.problem}"
    yield f"  root recomputed {own}"


def _window(sheet: Sheet, block: int) -> Iterator[str]:
    published = sheet.publication
    if published is None:
        return
    left = published.claimable_from - 1 - block
    until = f"{left} blocks left" if left > 0 else "over"
    yield f"  objections      up to block {published.claimable_from - 1} ({until}; the chain is at {block})"
    wait = (sheet.vested_from or 0) - block
    yield f"  vested from     block {sheet.vested_from} ({f'in {wait} blocks' if wait > 0 else 'reached'})"
    yield f"  paid            {tokens(published.claimed)} of at most {tokens(published.cap)}"


def book_lines(book: Book) -> Iterator[str]:
    """What is not about one checkpoint."""
    yield f"payout cap of later publications {tokens(book.cap)}; token supply {tokens(book.supply)}"
    count, missing = len(book.differences), sum(bool(sheet.problem) for sheet in book.sheets.values())
    found = "no differences" if count == 0 else f"{count} difference{'' if count == 1 else 's'}, named above"
    noun = "checkpoint" if missing == 1 else "checkpoints"
    yield f"{found}; {missing} {noun} could not be recomputed" if missing else found
    if book.supply != book.paid:
        yield f"  DIFFERS         the claims sum to {tokens(book.paid)}"
