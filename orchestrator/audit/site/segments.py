"""The records between two checkpoints, with what it takes to recompute the second one's root and who signed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.audit.site.material import Material, Reveal
from orchestrator.audit.site.rows import segment_rows, signed_row
from orchestrator.ledger.awards import Award
from orchestrator.ledger.merkle import node_hash
from orchestrator.ledger.records import Record


def segments(material: Material) -> Iterator[dict[str, Any]]:
    """One document a segment, in order; the last one is what no checkpoint covers yet."""
    frontier = Frontier()
    for row in segment_rows(material):
        sequence, first, size = row["sequence"], row["first"], row["size"]
        records = material.records[first:size]
        yield {
            "sequence": sequence,
            "first": first,
            "size": size,
            "peaks": _hexed(frontier.peaks),
            "consistency": _hexed(material.tree.consistency_proof(first, size)),
            "records": [_record(record) for record in records],
            "reveals": list(_reveals(records, material.reveals)),
            "signatures": [signed_row(item) for item in material.signatures.get(sequence, ())] if sequence else [],
            "awards": [award_row(award) for award in material.awards.get(sequence, ())] if sequence else [],
        }
        for index in range(first, size):
            frontier.append(material.tree.leaf(index))


class Frontier:
    """Roots of the complete subtrees that a growing tree ends in, largest first."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []

    @property
    def peaks(self) -> list[bytes]:
        return [value for _, value in self._peaks]

    def append(self, leaf: bytes) -> None:
        """Takes the hash of one more leaf."""
        height, value = 0, leaf
        while self._peaks and self._peaks[-1][0] == height:
            height, value = height + 1, node_hash(self._peaks.pop()[1], value)
        self._peaks.append((height, value))


def _record(record: Record) -> dict[str, Any]:
    return {"record": record.document(), "salt": record.salt}


def award_row(award: Award) -> dict[str, Any]:
    named = {"index": award.index, "update_id": award.update_id, "account": award.account}
    return {**named, "amount": str(award.amount)}


def _reveals(records: Sequence[Record], known: Mapping[Any, Reveal]) -> Iterator[dict[str, Any]]:
    transactions = dict.fromkeys(item.transaction for item in records if item.kind == "VerdictRevealed")
    for transaction in transactions:
        if (reveal := known.get(transaction)) is not None:
            named = {"transaction": transaction, "round": reveal.round, "nonce": reveal.nonce}
            yield {**named, "verdicts": [dict(item) for item in reveal.verdicts]}


def _hexed(values: Sequence[bytes]) -> list[str]:
    return ["0x" + item.hex() for item in values]
