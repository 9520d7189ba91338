"""A revocation from its request to the last receipt, as the private chain's records tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.ledger.entities import LedgerState, Revocation
from orchestrator.ledger.records import Position, Record
from orchestrator.types import Digest


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at one place of the private chain, and who sent it."""

    position: Position
    organisation: str
    words: str


Words = Callable[[Mapping[str, Any]], str]

_WORDS: Mapping[str, Words] = {
    "RevocationRequested": lambda told: f"asks for {len(told['updates'])} contributions back, reason {told['reason']}",
    "RevocationSupported": lambda told: "supports it",
    "RevocationApproved": lambda told: f"approved, with {told['supporters']} members behind it",
    "UpdatesAffected": lambda told: f"records {len(told['descendants'])} descendants",
    "ManifestReplaced": lambda told: f"records the new manifest {told['manifest_digest']}",
    "VerificationRecorded": lambda told: (
        f"measured {told['metric']} {told['value_before']} before and"
        f" {told['value_after']} after, in millionths, on {told['samples']} samples"
    ),
    "CertificateEndorsed": lambda told: f"endorses certificate {told['certificate_digest']}",
    "RevocationCertified": lambda told: "certified by a quorum",
    "ShredReceiptRecorded": lambda told: f"has shredded, receipt {told['receipt_digest']}",
    "RevocationShredded": lambda told: "shredded by every member",
}


def timeline(records: Sequence[Record], state: LedgerState, found: Revocation) -> tuple[Event, ...]:
    """All events of one request, oldest first; where it took effect and which checkpoint it made due, too."""
    events = [*_recorded(records, found), *_followed(state, found)]
    return tuple(sorted(events, key=lambda event: event.position))


def _recorded(records: Sequence[Record], found: Revocation) -> Iterator[Event]:
    for record in records:
        if record.fields.get("request_id") == found.id and record.kind in _WORDS:
            yield Event(record.position, str(record.sender), _WORDS[record.kind](record.fields))


def _followed(state: LedgerState, found: Revocation) -> Iterator[Event]:
    """What is no record of its own."""
    if found.effective is not None and found.effective != found.approved:
        round_ = state.rounds[found.void_round] if found.void_round is not None else None
        ended = "" if round_ is None else f" with the end of round {round_.id}, which {round_.status.value}"
        yield Event(found.effective, "", f"takes effect{ended}")
    due = next((item for item in state.due if item.subject == Digest(found.id)), None)
    if due is not None and found.certified is not None:
        yield Event(found.certified, "", f"checkpoint {due.sequence} is due: shredding begins when it is anchored")


def document_of(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The events for programs."""
    return [
        {"block": item.position.block, "organisation": item.organisation or None, "words": item.words}
        for item in events
    ]
