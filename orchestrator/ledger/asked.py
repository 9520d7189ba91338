"""What members asked each other for by the KeyDirectory, and who answered. Immutable, as all of the ledger's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.ledger.records import Position
from orchestrator.types import Address, Cid, Digest, OrganisationId

QUIET_BLOCKS = 2**13
"""Blocks without a request of a member after which its next one counts as the first of a row."""
STANDING_BLOCKS = 64
"""Blocks that a request has stood, superseded by none, before it is due: so long the asker's own daemon has to see that
somebody else asked in its name, and to supersede that. 16 to see it, 48 to send (decision 0037)."""
DOUBLINGS = 8
"""How often the wait between two requests of a row doubles: 256 blocks at most, far below ``QUIET_BLOCKS``."""


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
        streak: which one it is of a row, by one delegate and without a long quiet in between; at least 1.
        due: block from which honest members answer, if it still stands then. Whoever asks too often is not answered
            sooner for it.
        answers: by member, in order.
    """

    number: int
    organisation: OrganisationId
    delegate: Address
    key_digest: Digest
    key: bytes
    ordinal: int
    streak: int
    asked: Position
    due: int
    answers: Mapping[OrganisationId, Answer] = field(default_factory=dict)

    @property
    def next_block(self) -> int:
        """From where on the same member may ask again without a longer wait than ``STANDING_BLOCKS``."""
        return self.asked.block + (1 << min(self.streak, DOUBLINGS))
