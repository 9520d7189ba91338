"""What members asked each other for by the KeyDirectory, and who answered. Immutable, as all of the ledger's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.ledger.records import Position
from orchestrator.types import Address, Cid, Digest, OrganisationId


@dataclass(frozen=True, slots=True)
class Answer:
    """One member's answer to a request.

    Attributes:
        object_digest: SHA-256 of the object. cid: where it lies.
        answered: where it was recorded.
    """

    object_digest: Digest
    cid: Cid
    answered: Position


@dataclass(frozen=True, slots=True)
class CatchUp:
    """A member's request for the content keys that it lacks.

    Attributes:
        number: counts all requests from 1.
        delegate: who sent it; the request stands no longer than its member has this delegate.
        key: one-time HPKE public key that answers are sealed to. key_digest: its SHA-256.
        ordinal: counts the organisation's own requests from 1.
        answers: by member, in order.
    """

    number: int
    organisation: OrganisationId
    delegate: Address
    key_digest: Digest
    key: bytes
    ordinal: int
    asked: Position
    answers: Mapping[OrganisationId, Answer] = field(default_factory=dict)
