"""Everything the machine knows: the facts of both chains, and which of its effects are under way or done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol.events import RoundClock
from orchestrator.types import Digest, OrganisationId, RequestId, UpdateId

ATTEMPTS = 6
"""Failures after which the waits between attempts grow no more: a node that was down for an hour is asked again."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How often an effect has failed, counted up to ATTEMPTS; and the private block to try again from (None: never)."""

    attempts: int
    retry_at: int | None


@dataclass(frozen=True, slots=True)
class Attested:
    """A member's signature of a checkpoint, and the membership epoch it was posted in."""

    head: Digest
    signature: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class Anchored:
    """A checkpoint that the public chain holds."""

    checkpoint: Checkpoint
    head: Digest


@dataclass(frozen=True, slots=True)
class NodeState:
    """The whole state of one node's decisions. Only :func:`orchestrator.protocol.machine.transition` changes it.

    Attributes:
        me: this organisation.
        ledger: the private chain's facts.
        private_block, public_block: heads that the facts reach up to.
        clock: phase and deadline of the open round, or None.
        attestations: signatures by sequence and organisation (the last of each).
        anchored: checkpoints of the public chain, by sequence.
        claimable: first public block in which awards of a sequence may be claimed.
        own_awards: this member's awards, indices by sequence.
        claimed: (sequence, index) of awards that were paid.
        verified, lapsed, affected_wrong, replacement_wrong, foreign_prekeys, stale_endorsements, unopened,
            keyless, foreign_requests, masked: as in :class:`orchestrator.protocol.events.BlockSeen`.
        in_flight: ids of effects that were asked for and have not ended.
        done: ids of effects that were carried out. A local one is not asked for again; what left the house is, when
            the chain still does not show it after a long while.
        sent_at: private block at which each effect of ``done`` ended, in this process's life.
        failures: ids of effects that failed.
        turn_since: private block from which a shared transaction has been possible, by effect id.
    """

    me: OrganisationId
    ledger: LedgerState
    private_block: int = 0
    public_block: int = 0
    clock: RoundClock | None = None
    attestations: Mapping[int, Mapping[OrganisationId, Attested]] = field(default_factory=dict)
    anchored: Mapping[int, Anchored] = field(default_factory=dict)
    claimable: Mapping[int, int] = field(default_factory=dict)
    own_awards: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    claimed: frozenset[tuple[int, int]] = frozenset()
    verified: frozenset[RequestId] = frozenset()
    lapsed: frozenset[RequestId] = frozenset()
    affected_wrong: frozenset[RequestId] = frozenset()
    replacement_wrong: frozenset[RequestId] = frozenset()
    foreign_prekeys: frozenset[Digest] = frozenset()
    stale_endorsements: frozenset[RequestId] = frozenset()
    unopened: frozenset[UpdateId] = frozenset()
    keyless: frozenset[int] = frozenset()
    foreign_requests: frozenset[int] = frozenset()
    masked: frozenset[int] = frozenset()
    in_flight: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    sent_at: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    turn_since: Mapping[str, int] = field(default_factory=dict)

    def with_(self, **changes: object) -> NodeState:
        """A copy with some attributes changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def last_anchored(self) -> int:
        """Sequence of the newest checkpoint on the public chain, 0 before the first."""
        return max(self.anchored, default=0)

    def gave_up(self, effect_id: str) -> bool:
        """Whether the effect has failed for good, or so often that an alternative, where there is one, is taken."""
        failure = self.failures.get(effect_id)
        return failure is not None and (failure.retry_at is None or failure.attempts >= ATTEMPTS)
