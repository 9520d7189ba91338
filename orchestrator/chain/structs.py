"""Arguments and answers of the contracts as typed values; those that records hold, too, are the ledger's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from orchestrator.ledger.entities import Member, Opening
from orchestrator.types import MILLION, Address, Digest, OrganisationId, UpdateId

__all__ = [
    "AwardLeaf",
    "Current",
    "DueReason",
    "Member",
    "Mode",
    "Opening",
    "Phase",
    "Publication",
    "RevocationView",
    "RoundView",
    "Stage",
    "Submission",
    "UpdateView",
    "Verdict",
    "Verification",
]


class Phase(IntEnum):
    """Phases of a round, as ``RoundLedger`` numbers them."""

    NONE = 0
    SUBMIT = 1
    RELEASE = 2
    COMMIT_VERDICTS = 3
    REVEAL_VERDICTS = 4
    AWAITING_CLOSE = 5
    CLOSED = 6
    FAILED = 7


class Mode(IntEnum):
    """How a revocation makes the new manifest."""

    DROP = 0
    HEAL = 1
    REPLAY = 2


class Stage(IntEnum):
    """Stages of a revocation, as ``RevocationLedger`` numbers them."""

    NONE = 0
    REQUESTED = 1
    APPROVED = 2
    AFFECTED = 3
    REPLACED = 4
    VERIFIED = 5
    CERTIFIED = 6
    SHREDDED = 7


class DueReason(IntEnum):
    """Why a checkpoint is due."""

    ROUND_CLOSED = 0
    REVOCATION_CERTIFIED = 1


@dataclass(frozen=True, slots=True)
class Current:
    """The consortium's present epoch, quorum and digest, in one read."""

    epoch: int
    quorum: int
    consortium_digest: Digest


@dataclass(frozen=True, slots=True)
class Submission:
    """The digests of an update that go on chain before anybody can see it."""

    ciphertext_digest: Digest
    header_digest: Digest
    content_commitment: Digest
    data_statement_digest: Digest
    parent_manifest: Digest
    samples: int
    epsilon: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judge's word on one update. ``weight_cap`` and ``score`` are in millionths; ``reason`` is ASCII, ≤ 32."""

    update_id: UpdateId
    accept: bool
    weight_cap: int = MILLION
    score: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """A held-out figure before and after a revocation, in millionths."""

    metric: str
    value_before: int
    value_after: int
    samples: int


@dataclass(frozen=True, slots=True)
class RoundView:
    """``RoundLedger.round``. ``deadline`` is the last block of the present phase, 0 where it has none."""

    phase: Phase
    deadline: int
    opened_block: int
    epoch: int
    task_digest: Digest
    manifest_digest: Digest
    members: int
    quorum: int
    minimum_updates: int
    submitted: int
    passed: int
    released: int
    committed: int
    revealed: int
    accepted: int


@dataclass(frozen=True, slots=True)
class UpdateView:
    """``RoundLedger.update``. ``acceptances`` counts the owner as one from the release on."""

    round_id: int
    organisation: OrganisationId
    replaced: bool
    released: bool
    acceptances: int


@dataclass(frozen=True, slots=True)
class RevocationView:
    """``RevocationLedger.revocation``. ``deadline`` is the block by which the next step is due."""

    organisation: OrganisationId
    mode: Mode
    urgent: bool
    stage: Stage
    deadline: int
    reason: str
    request_digest: Digest
    manifest_digest: Digest
    certificate_digest: Digest
    updates: tuple[UpdateId, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """``AwardDistributor.publication``; ``root`` is zero where nothing was published."""

    root: Digest
    claimable_from: int
    cap: int
    claimed: int


@dataclass(frozen=True, slots=True)
class AwardLeaf:
    """One entry of a round's award tree, as ``AwardDistributor.claim`` takes it."""

    sequence: int
    index: int
    update_id: UpdateId
    account: Address
    amount: int
