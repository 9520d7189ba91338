"""Rows of the page's index: what its overview shows before anything else is loaded.

Details are never taken from here: the page derives them from the records, and shows where a row says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.audit.site.material import Equivocation, Material, Signed
from orchestrator.chain.public_events import Anchored
from orchestrator.ledger.contributions import accepted_updates
from orchestrator.ledger.entities import LedgerState, Revocation, Round, RoundStatus
from orchestrator.ledger.ids import round_subject
from orchestrator.ledger.revocations import receipts_missing

Row = dict[str, Any]


def checkpoint_row(item: Anchored) -> Row:
    """An anchored checkpoint as the public chain's event has it."""
    document = item.checkpoint.document()
    return {
        "checkpoint": {name: value for name, value in document.items() if name not in ("format", "version")},
        "head": item.head,
        "signers": str(item.signers),
        "transaction": item.place.transaction,
        "block": item.place.block,
    }


def segment_rows(material: Material) -> Iterator[Row]:
    """The records between one checkpoint and the next; the last row is for those that no checkpoint covers yet."""
    first = 0
    for cut in material.cuts:
        due = cut.due
        row = {"sequence": due.sequence, "reason": due.reason.value, "subject": due.subject, "block": due.block}
        yield {**row, "first": first, "size": cut.size}
        first = cut.size
    yield {"sequence": None, "reason": "", "subject": "", "block": None, "first": first, "size": len(material.records)}


class Places:
    """In which segment each record is."""

    def __init__(self, material: Material) -> None:
        self._segments = list(segment_rows(material))
        self._by_position: dict[tuple[int, int], int] = {}
        self._rounds: dict[int, list[int]] = {}
        self._requests: dict[str, list[int]] = {}
        self._read(material)

    def of_round(self, number: int) -> list[int]:
        return self._rounds.get(number, [])

    def of_request(self, request: str) -> list[int]:
        return self._requests.get(request, [])

    def _read(self, material: Material) -> None:
        for place, row in enumerate(self._segments):
            for record in material.records[row["first"] : row["size"]]:
                for known, name in ((self._rounds, "round_id"), (self._requests, "request_id")):
                    if (key := record.fields.get(name)) is not None:
                        _once(known.setdefault(key, []), place)


def _once(places: list[int], place: int) -> None:
    if not places or places[-1] != place:
        places.append(place)


def round_row(state: LedgerState, round_: Round, sequences: dict[str, int], places: Places) -> Row:
    """A round in a line."""
    return {
        "id": round_.id,
        "status": round_.status.value,
        "failure": round_.failure,
        "opener": round_.opener,
        "epoch": round_.epoch,
        "opened": round_.opened.block,
        "ended": None if round_.ended is None else round_.ended.block,
        "submitted": sorted({state.updates[item].organisation for item in round_.submissions}),
        "accepted": len(accepted_updates(state, round_.id)) if round_.status is RoundStatus.CLOSED else 0,
        "sequence": sequences.get(round_subject(round_.id)),
        "segments": places.of_round(round_.id),
    }


def revocation_row(state: LedgerState, revocation: Revocation, sequences: dict[str, int], places: Places) -> Row:
    """A revocation in a line."""
    return {
        "id": revocation.id,
        "organisation": revocation.organisation,
        "reason": revocation.reason,
        "mode": revocation.mode.value,
        "urgent": revocation.urgent,
        "updates": [[state.updates[item].round, item, state.updates[item].organisation] for item in revocation.updates],
        "requested": revocation.requested.block,
        "status": status_of(revocation),
        "sequence": sequences.get(revocation.id),
        "missing": list(receipts_missing(state, revocation)) if revocation.certificate is not None else [],
        "segments": places.of_request(revocation.id),
    }


def status_of(revocation: Revocation) -> str:
    """The furthest step that the records tell of."""
    steps = (
        ("shredded", revocation.shredded),
        ("certified", revocation.certificate is not None),
        ("verified", revocation.verified is not None),
        ("replaced", revocation.replacement is not None),
        ("effective", revocation.effective is not None),
        ("approved", revocation.approved is not None),
    )
    return next((name for name, reached in steps if reached), "requested")


def equivocation_row(item: Equivocation) -> Row:
    return {
        "sequence": item.sequence,
        "organisation": item.organisation,
        "proven": item.proven,
        "signatures": [signed_row(one) for one in item.signatures],
    }


def signed_row(item: Signed) -> Row:
    signature = "0x" + item.signature.hex()
    named = {"organisation": item.organisation, "signature": signature, "head": item.head}
    return {**named, "transaction": item.transaction, "chain": item.chain}


def sequences_of(material: Material) -> dict[str, int]:
    """Checkpoints by what they are about."""
    return {cut.due.subject: cut.due.sequence for cut in material.cuts}


def failed_rounds(rounds: Sequence[Round]) -> list[Row]:
    return [
        {"id": item.id, "reason": item.failure, "block": item.ended.block if item.ended else item.opened.block}
        for item in rounds
        if item.status is RoundStatus.FAILED
    ]
