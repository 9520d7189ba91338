"""What the private chain's facts amount to. Everything here is immutable; mappings are never changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from orchestrator.ledger.asked import CatchUp
from orchestrator.ledger.records import Position
from orchestrator.types import (
    MILLION,
    ZERO_DIGEST,
    Address,
    ArtefactId,
    Cid,
    Digest,
    OrganisationId,
    RequestId,
    UpdateId,
)


class RoundStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    FAILED = "failed"


class Mode(StrEnum):
    """How a revocation changes the model; the order is the contract's.

    What each makes of the manifest follows from the records, so that members check what one of them claims.
    """

    DROP = "drop"
    HEAL = "heal"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Member:
    """One organisation of the consortium. The delegate is the zero address while it is revoked."""

    organisation: OrganisationId
    authority: Address
    delegate: Address


@dataclass(frozen=True, slots=True)
class Members:
    """The consortium of the private chain.

    Attributes:
        seats: members by organisation, in the order in which they were added.
    """

    epoch: int = 0
    quorum: int = 0
    consortium_digest: Digest = ZERO_DIGEST
    seats: Mapping[OrganisationId, Member] = field(default_factory=dict)
    paused: bool = False

    def organisation_of(self, delegate: Address) -> OrganisationId | None:
        """The organisation whose current delegate this is."""
        return next((seat.organisation for seat in self.seats.values() if seat.delegate == delegate), None)


@dataclass(frozen=True, slots=True)
class Prekey:
    """A one-time key of a member.

    Attributes:
        round: the round that it was assigned to, if any. discarded: whether its owner has taken it back.
    """

    index: int
    digest: Digest
    key: bytes
    round: int | None = None
    discarded: bool = False

    @property
    def unused(self) -> bool:
        """Whether a round can still be sealed to it."""
        return self.round is None and not self.discarded


@dataclass(frozen=True, slots=True)
class Discarding:
    """How often a member has taken its prekeys back of late.

    Attributes:
        block: of the last time. delegate: whose transaction it was.
        streak: how many times in a row, by that delegate and without a long quiet in between; at least 1.
    """

    block: int
    delegate: Address
    streak: int


@dataclass(frozen=True, slots=True)
class Opening:
    """The terms of a round."""

    manifest_digest: Digest
    task_digest: Digest
    task_cid: Cid
    agreement_digest: Digest
    agreement_cid: Cid
    submit_blocks: int
    release_blocks: int
    commit_blocks: int
    reveal_blocks: int
    minimum_updates: int
    epsilon_cap: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One member's judgement of one update.

    Attributes:
        weight_cap: millionths of the weight the update would have.
        score: millionths.
        reason: label, empty when accepted.
    """

    accept: bool
    weight_cap: int = MILLION
    score: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """An update as the private chain knows it.

    Attributes:
        submitted: where it was recorded.
        payload_cid, header_cid: None until it is released.
        replaced_by: a later update of the same member and round.
        verdicts: revealed ones, by judge.
    """

    id: UpdateId
    round: int
    organisation: OrganisationId
    submitted: Position
    ciphertext_digest: Digest
    header_digest: Digest
    content_commitment: Digest
    data_statement_digest: Digest
    parent_manifest: Digest
    samples: int
    epsilon: int
    payload_cid: Cid | None = None
    header_cid: Cid | None = None
    released: bool = False
    replaced_by: UpdateId | None = None
    verdicts: Mapping[OrganisationId, Verdict] = field(default_factory=dict)

    @property
    def acceptances(self) -> int:
        """Members that accept it; its owner counts as one from the release."""
        others = sum(verdict.accept for judge, verdict in self.verdicts.items() if judge != self.organisation)
        return others + (1 if self.released else 0)


@dataclass(frozen=True, slots=True)
class Round:
    """A round of the private chain.

    Attributes:
        quorum, members: those at the opening.
        recipients: the prekey of each member that had an unused one; only they can open the round's updates.
        submissions: every update submitted, replaced ones too, in order.
        commitments: verdict commitments by member. revealed: members that revealed.
        abandoners: members that want it to fail.
        failure: the reason's label, empty unless it failed.
        active: what it has added to the model, in order, which is final once it is closed; None before.
    """

    id: int
    opener: OrganisationId
    opening: Opening
    epoch: int
    quorum: int
    members: Mapping[OrganisationId, Member]
    opened: Position
    recipients: Mapping[OrganisationId, Prekey] = field(default_factory=dict)
    submissions: tuple[UpdateId, ...] = ()
    passed: frozenset[OrganisationId] = frozenset()
    commitments: Mapping[OrganisationId, Digest] = field(default_factory=dict)
    revealed: frozenset[OrganisationId] = frozenset()
    abandoners: frozenset[OrganisationId] = frozenset()
    status: RoundStatus = RoundStatus.OPEN
    ended: Position | None = None
    failure: str = ""
    active: tuple[UpdateId, ...] | None = None

    @property
    def opened_block(self) -> int:
        return self.opened.block

    @property
    def closed_block(self) -> int | None:
        """The block in which it was closed; None while it is open and where it failed."""
        return self.ended.block if self.ended and self.status is RoundStatus.CLOSED else None


@dataclass(frozen=True, slots=True)
class Verification:
    """One member's figures of the model before and after a revocation, in millionths."""

    metric: str
    before: int
    after: int
    samples: int
    recorded: Position


@dataclass(frozen=True, slots=True)
class Endorsement:
    certificate_digest: Digest
    certificate_cid: Cid
    signature: bytes


@dataclass(frozen=True, slots=True)
class ShredReceipt:
    receipt_digest: Digest
    receipt_cid: Cid


@dataclass(frozen=True, slots=True)
class Revocation:
    """A request to take contributions out of the model, and how far it has come.

    Attributes:
        organisation: who asks. updates: what it wants out.
        supporters: members that support it, for another's contributions.
        approved: where it was approved. void_round: the round that was open then.
        effective: from where on the model goes without the updates; None until it is approved and that round has ended.
        affected, replacement: descendants and manifest digest as some member recorded them last; None before. They are
            claims: who endorses the certificate has computed them.
        affected_by, replaced_by: members that have recorded theirs, which each may do once.
        verified: where the first endorsement was recorded: figures recorded later are not in the certificate.
        certificate: digest of the certified certificate.
        shredded: whether every member has recorded a receipt.
    """

    id: RequestId
    organisation: OrganisationId
    reason: str
    mode: Mode
    urgent: bool
    updates: tuple[UpdateId, ...]
    request_digest: Digest
    requested: Position
    supporters: frozenset[OrganisationId] = frozenset()
    approved: Position | None = None
    void_round: int | None = None
    effective: Position | None = None
    affected: tuple[UpdateId, ...] | None = None
    replacement: Digest | None = None
    affected_by: frozenset[OrganisationId] = frozenset()
    replaced_by: frozenset[OrganisationId] = frozenset()
    verifications: Mapping[OrganisationId, Verification] = field(default_factory=dict)
    endorsements: Mapping[OrganisationId, Endorsement] = field(default_factory=dict)
    verified: Position | None = None
    certificate: Digest | None = None
    certified: Position | None = None
    receipts: Mapping[OrganisationId, ShredReceipt] = field(default_factory=dict)
    shredded: bool = False


class Reason(StrEnum):
    """Why a checkpoint is due; the order is the contract's."""

    ROUND_CLOSED = "round_closed"
    REVOCATION_CERTIFIED = "revocation_certified"


@dataclass(frozen=True, slots=True)
class Due:
    """A checkpoint that the private chain asks for.

    Attributes:
        subject: the round as 32 bytes, or the revocation request.
    """

    sequence: int
    block: int
    subject: Digest
    reason: Reason


@dataclass(frozen=True, slots=True)
class Artefact:
    """An object that one member made and others stand behind.

    Attributes:
        kind: ASCII. subject: digest of what it is about. digest: of the object.
        endorsements: largest relative difference that each found, in 10⁻¹². disputes: reasons.
        agreed: where a quorum stood behind it; None until then. deviation: the largest that was told by then.
    """

    id: ArtefactId
    organisation: OrganisationId
    kind: str
    subject: Digest
    digest: Digest
    cid: Cid
    proposed: Position
    endorsements: Mapping[OrganisationId, int] = field(default_factory=dict)
    disputes: Mapping[OrganisationId, str] = field(default_factory=dict)
    agreed: Position | None = None
    deviation: int = 0


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The fold of all records so far.

    Attributes:
        position: place of the last record; None before the first. count: number of records.
        agreements: authorities that have accepted, by agreement digest.
        keys: each organisation's long-term key. prekeys: by organisation and index.
        discardings: of the members that have taken prekeys back.
        catch_ups: requests of members that lack content keys, by number, in order.
        open_round: the round that is open, if any.
        due: checkpoints due so far, in order of their sequence, which starts at 1.
    """

    chain_id: int | None = None
    position: Position | None = None
    count: int = 0
    members: Members = field(default_factory=Members)
    agreements: Mapping[Digest, frozenset[Address]] = field(default_factory=dict)
    keys: Mapping[OrganisationId, bytes] = field(default_factory=dict)
    prekeys: Mapping[OrganisationId, Mapping[int, Prekey]] = field(default_factory=dict)
    discardings: Mapping[OrganisationId, Discarding] = field(default_factory=dict)
    catch_ups: Mapping[int, CatchUp] = field(default_factory=dict)
    rounds: Mapping[int, Round] = field(default_factory=dict)
    updates: Mapping[UpdateId, Update] = field(default_factory=dict)
    open_round: int | None = None
    revocations: Mapping[RequestId, Revocation] = field(default_factory=dict)
    artefacts: Mapping[ArtefactId, Artefact] = field(default_factory=dict)
    due: tuple[Due, ...] = ()

    @property
    def awaiting_replacement(self) -> tuple[RequestId, ...]:
        """Approved revocations without a new manifest: no round opens before each has one."""
        revocations = self.revocations.values()
        return tuple(item.id for item in revocations if item.approved is not None and item.replacement is None)

    @property
    def without_prekeys(self) -> tuple[OrganisationId, ...]:
        """Members that have no unused prekey: nothing of a round that opens now can be sealed to them."""
        unused = {name for name, found in self.prekeys.items() if any(prekey.unused for prekey in found.values())}
        return tuple(sorted(name for name in self.members.seats if name not in unused))

    def silent_on(self, agreement: Digest, members: Mapping[OrganisationId, Member]) -> tuple[OrganisationId, ...]:
        """Members whose authority has not accepted an agreement, in order of their names."""
        accepted = self.agreements.get(agreement, frozenset())
        return tuple(sorted(name for name, member in members.items() if member.authority not in accepted))

    def with_(self, **changes: Any) -> LedgerState:
        """A copy with some attributes changed."""
        return replace(self, **changes)
