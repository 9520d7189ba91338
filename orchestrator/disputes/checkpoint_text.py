"""Checkpoints and equivocation for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.commitment.checkpoints import head_of
from orchestrator.disputes.anchored import Proven
from orchestrator.disputes.checkpoint_status import Pending, Status
from orchestrator.disputes.equivocation import Findings


def status_document(status: Status) -> dict[str, Any]:
    return {
        "head": status.view.head,
        "anchored": len(status.view.anchored),
        "public_block": status.view.block,
        "due": status.due,
        "pending": [_pending(item) for item in status.pending],
        "drift": [{"name": item.name, "words": item.words, "mend": item.mend} for item in status.drift],
        "differences": list(status.differences),
        "not_recomputed": {str(number): why for number, why in status.unknown.items()},
    }


def _pending(item: Pending) -> dict[str, Any]:
    return {
        "sequence": item.point.due.sequence,
        "subject": item.point.subject,
        "private_block": item.point.due.block,
        "head": None if item.checkpoint is None else head_of(item.checkpoint),
        "not_recomputed": item.problem,
        "attested": {
            name: {"head": found.head, "private_block": found.block, "problem": found.problem}
            for name, found in sorted(item.attested.items())
        },
        "missing": list(item.missing),
        "quorum": item.quorum,
    }


def status_lines(status: Status) -> Iterator[str]:
    anchored = f"checkpoint {len(status.view.anchored)}" if status.view.anchored else "no checkpoint yet"
    yield f"public chain   {anchored}, head {status.view.head} (block {status.view.block})"
    due = f"checkpoint {status.due} is the last one due" if status.due else "no checkpoint is due yet"
    yield f"private chain  {due}"
    for item in status.drift:
        yield f"DRIFT          {item.words}; {item.mend}"
    for difference in status.differences:
        yield f"DIFFERS        {difference}"
    for number, why in status.unknown.items():
        yield f"not compared   checkpoint {number}: {why}"
    for pending in status.pending:
        yield from _pending_lines(pending)
    if not status.pending:
        yield "every checkpoint that is due is anchored"


def _pending_lines(item: Pending) -> Iterator[str]:
    due = item.point.due
    yield f"checkpoint {due.sequence} ({item.point.subject}), due since private block {due.block}"
    if item.checkpoint is not None:
        yield f"  head           {head_of(item.checkpoint)} as recomputed here"
        yield f"  signatures     {item.signed} of {item.quorum} needed"
    else:
        yield f"  not compared   {item.problem or 'its turn comes when the one before it is anchored'}"
    for name, found in sorted(item.attested.items()):
        verdict = f"does not count: {found.problem}" if found.problem else "counts"
        yield f"  {name:14} signed {found.head} in private block {found.block}; {verdict}"
    if item.missing:
        yield f"  missing        {', '.join(item.missing)}"
    if item.checkpoint is not None and item.signed >= item.quorum:
        yield "  next           a daemon relays it, or `loranchor checkpoint anchor`"


def findings_document(findings: Findings, files: Sequence[Sequence[str]]) -> dict[str, Any]:
    """``files``: the two that were written for each equivocation."""
    return {
        "equivocations": [
            {
                "sequence": item.sequence,
                "organisation": item.organisation,
                "heads": [item.a.signed.head, item.b.signed.head],
                "found": [item.a.where, item.b.where],
                "proven": item.proven,
                "files": list(written),
            }
            for item, written in zip(findings.equivocations, files, strict=True)
        ],
        "deviations": [
            {
                "sequence": item.sequence,
                "organisation": item.organisation,
                "head": item.seen.signed.head,
                "found": item.seen.where,
                "fields": list(item.fields),
            }
            for item in findings.deviations
        ],
        "unknown": [
            {"sequence": item.sequence, "organisation": item.organisation, "head": item.head, "found": item.where}
            for item in findings.unknown
        ],
    }


def findings_lines(findings: Findings, files: Sequence[Sequence[str]]) -> Iterator[str]:
    odd = {id(item.seen): ", ".join(item.fields) for item in findings.deviations}
    for item, written in zip(findings.equivocations, files, strict=True):
        yield f"EQUIVOCATION of {item.organisation}: two contents for checkpoint {item.sequence}"
        for seen in (item.a, item.b):
            apart = f"; not what the records give in {odd.pop(id(seen))}" if id(seen) in odd else ""
            yield f"  signed {seen.signed.head} ({seen.where}{apart})"
        yield from (f"  written: {name}" for name in written)
        if item.proven:
            yield "  it is on the public chain's record already"
        else:
            yield f"  next: `loranchor checkpoint equivocation prove {' '.join(written)}`"
    for alone in (item for item in findings.deviations if id(item.seen) in odd):
        named = f"checkpoint {alone.sequence} otherwise than the records give it, in {', '.join(alone.fields)}"
        yield f"{alone.organisation} signed {named}"
        yield f"  signed {alone.seen.signed.head} ({alone.seen.where})"
    for unknown in findings.unknown:
        yield f"{unknown.organisation} signed a head for checkpoint {unknown.sequence} that no known checkpoint has"
        yield f"  signed {unknown.head} ({unknown.where}); who has that checkpoint gives it with --document"


def proven_document(found: Proven) -> dict[str, Any]:
    return {
        "sequence": found.sequence,
        "organisation": found.organisation,
        "heads": [found.head_a, found.head_b],
        "block": found.block,
        "transaction": found.transaction,
    }


def proven_line(found: Proven) -> str:
    heads = f"{found.head_a} and {found.head_b}"
    return f"checkpoint {found.sequence}: {found.organisation} signed {heads} (proven in block {found.block})"
