"""What the machine can be told. Every event is a fact that some chain, or this node's own executor, has established."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.records import Record
from orchestrator.types import Digest, OrganisationId, RequestId, UpdateId


@dataclass(frozen=True, slots=True)
class RecordSeen:
    """A private-chain fact, in (block, log index) order."""

    record: Record


@dataclass(frozen=True, slots=True)
class AttestationSeen:
    """A member has posted its signature of a checkpoint on the private chain."""

    sequence: int
    organisation: OrganisationId
    head: Digest
    signature: bytes


@dataclass(frozen=True, slots=True)
class CheckpointAnchoredSeen:
    """The public chain holds a checkpoint."""

    checkpoint: Checkpoint
    head: Digest


@dataclass(frozen=True, slots=True)
class AwardsPublishedSeen:
    """The awards of a checkpoint have reached the distributor.

    Attributes:
        claimable_from: first public block in which a claim is taken.
        own_indices: this member's awards among them.
    """

    sequence: int
    claimable_from: int
    own_indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AwardClaimedSeen:
    """An award was paid out."""

    sequence: int
    index: int


@dataclass(frozen=True, slots=True)
class RoundClock:
    """What the private chain says of the open round at its head.

    Attributes:
        phase: the contract's phase in lower case: ``submit``, ``release``, ``commit_verdicts``, ``reveal_verdicts`` or
            ``awaiting_close``.
        deadline: last block of that phase.
    """

    round: int
    phase: str
    deadline: int


@dataclass(frozen=True, slots=True)
class BlockSeen:
    """All facts up to these heads have been told; decisions are made now.

    Attributes:
        private_block, public_block: heads that the facts reach up to.
        clock: the open round's, or None.
        verified: revocation requests that the private chain counts as verified.
        lapsed: requests that it is too late to approve.
        affected_wrong, replacement_wrong: requests of which the last record says otherwise than this node computes.
        foreign_prekeys: this member's unused prekeys that its own keystore cannot open: a thief's, or lost ones.
        stale_endorsements: requests whose certificate this member has endorsed otherwise than it now computes it.
        unopened: contributions that count and whose content keys this member lacks.
        keyless: its own request for content keys, if nothing that answers it can be opened any more.
        foreign_requests: requests for content keys in its name whose one-time key was never in its keystore.
        masked: the open round, where its task has the updates masked; only the daemon reads tasks.
    """

    private_block: int
    public_block: int
    clock: RoundClock | None
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


@dataclass(frozen=True, slots=True)
class EffectCompleted:
    """An effect of this node has been carried out."""

    effect_id: str


@dataclass(frozen=True, slots=True)
class EffectFailed:
    """An effect of this node has failed.

    Attributes:
        retryable: whether trying again may help.
        counts: whether it is one of the attempts after which a node looks for another way. What only the node's own
            surroundings are to blame for, such as a full disk or an operator's stop, is tried again as if for the first
            time.
    """

    effect_id: str
    retryable: bool
    counts: bool = True


@dataclass(frozen=True, slots=True)
class EffectHeld:
    """An effect was not begun: it waits for somebody's word, and is asked for again as long as it is wanted."""

    effect_id: str


Event = (
    RecordSeen
    | AttestationSeen
    | CheckpointAnchoredSeen
    | AwardsPublishedSeen
    | AwardClaimedSeen
    | BlockSeen
    | EffectCompleted
    | EffectFailed
    | EffectHeld
)
