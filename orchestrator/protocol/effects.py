"""What the machine can ask for. Each effect has a deterministic id, so that asking twice is asking once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Literal

from orchestrator.types import ArtefactId, Digest, OrganisationId, RequestId, UpdateId

Lane = Literal["", "model", "fetch"]


@dataclass(frozen=True, slots=True)
class Effect:
    """Base of all effects.

    Attributes:
        name: stable name, first part of the id.
        lane: what takes long runs in a thread of its own, one after the other: ``model`` for what computes with
            tensors, ``fetch`` for what waits for other nodes; empty for what is done at once.
        local: whether it leaves no trace on a chain, so that only this node can know that it was done. What is not
            local signs or sends.
        shared: whether any member may do it, so that members take turns.
        patient: whether it lets all others of its lane go first: whoever asks for many holds up none of them.
    """

    name: ClassVar[str] = ""
    lane: ClassVar[Lane] = ""
    local: ClassVar[bool] = False
    shared: ClassVar[bool] = False
    patient: ClassVar[bool] = False

    @property
    def id(self) -> str:
        """``name/argument/…``: equal for equal effects, on every run."""
        return "/".join([self.name, *(str(getattr(self, f.name)) for f in fields(self))])


@dataclass(frozen=True, slots=True)
class PublishPrekeys(Effect):
    """Publish one-time prekeys, so that coming rounds can be sealed to this member."""

    name = "publish-prekeys"
    first_index: int
    count: int


@dataclass(frozen=True, slots=True)
class DiscardPrekeys(Effect):
    """Take back all unused prekeys, because this node cannot open what is sealed to one of them.

    ``first_index`` and ``count`` are of the unused ones; others that come later are another discarding."""

    name = "discard-prekeys"
    first_index: int
    count: int


@dataclass(frozen=True, slots=True)
class PassRound(Effect):
    """Take no part in a round, and say so, because the node cannot train or submit, or is not to."""

    name = "pass-round"
    round: int


@dataclass(frozen=True, slots=True)
class TrainUpdate(Effect):
    """Fold the round's manifest, train a delta on this organisation's data, protect it, seal it and store it."""

    name = "train"
    lane = "model"
    local = True
    round: int


@dataclass(frozen=True, slots=True)
class SubmitUpdate(Effect):
    """Record the update that was sealed and stored when its training ended."""

    name = "submit"
    round: int


@dataclass(frozen=True, slots=True)
class PrepareMasks(Effect):
    """Check a masked round as before a training, and find out which numbers its updates have."""

    name = "secagg-prepare"
    lane = "model"
    local = True
    round: int


@dataclass(frozen=True, slots=True)
class AnnounceMask(Effect):
    """Make the secrets of a masked round, and announce the public ones."""

    name = "secagg-announce"
    round: int


@dataclass(frozen=True, slots=True)
class DealShares(Effect):
    """Deal shares of the own secrets of a masked round, sealed to each member."""

    name = "secagg-deal"
    round: int


@dataclass(frozen=True, slots=True)
class CheckMasked(Effect):
    """Fetch another member's object of a masked round, keep it, and endorse or dispute it."""

    name = "secagg-check"
    lane = "fetch"
    artefact_id: ArtefactId


@dataclass(frozen=True, slots=True)
class SendMasked(Effect):
    """Train, mask, seal and store an update, and record it."""

    name = "secagg-send"
    lane = "model"
    round: int


@dataclass(frozen=True, slots=True)
class RevealShares(Effect):
    """Reveal what takes the masks out of the sum: of each member a share of one secret, never of both."""

    name = "secagg-reveal"
    lane = "fetch"
    round: int


@dataclass(frozen=True, slots=True)
class SumMasked(Effect):
    """Add the masked updates up, take the masks off, and seal and store the sum as this member's update."""

    name = "secagg-sum"
    lane = "model"
    local = True
    round: int


@dataclass(frozen=True, slots=True)
class ReleaseUpdate(Effect):
    """Show where the sealed update and its header lie."""

    name = "release"
    update_id: UpdateId


@dataclass(frozen=True, slots=True)
class CollectUpdates(Effect):
    """Fetch, pin and open the round's released updates."""

    name = "collect"
    lane = "fetch"
    local = True
    round: int


@dataclass(frozen=True, slots=True)
class JudgeUpdates(Effect):
    """Check and score the opened updates on this organisation's validation data."""

    name = "judge"
    lane = "model"
    local = True
    round: int


@dataclass(frozen=True, slots=True)
class CommitVerdicts(Effect):
    name = "commit-verdicts"
    round: int


@dataclass(frozen=True, slots=True)
class RevealVerdicts(Effect):
    name = "reveal-verdicts"
    round: int


@dataclass(frozen=True, slots=True)
class CloseRound(Effect):
    name = "close-round"
    shared = True
    round: int


@dataclass(frozen=True, slots=True)
class SettleKeys(Effect):
    """Destroy the round's prekey, and the content keys of updates that did not become contributions."""

    name = "settle-keys"
    local = True
    round: int


@dataclass(frozen=True, slots=True)
class EvaluateManifest(Effect):
    """Measure the model after a round on this organisation's validation data."""

    name = "evaluate"
    lane = "model"
    local = True
    round: int


@dataclass(frozen=True, slots=True)
class AttestCheckpoint(Effect):
    name = "attest"
    sequence: int
    epoch: int


@dataclass(frozen=True, slots=True)
class RelayCheckpoint(Effect):
    name = "relay"
    shared = True
    sequence: int


@dataclass(frozen=True, slots=True)
class PublishAwards(Effect):
    name = "publish-awards"
    shared = True
    sequence: int


@dataclass(frozen=True, slots=True)
class ClaimAward(Effect):
    name = "claim"
    sequence: int
    index: int


@dataclass(frozen=True, slots=True)
class SettleRevocation(Effect):
    """Have the contract count again over the members of ``epoch``; ``certificate`` is zero at the other steps."""

    name = "settle-revocation"
    shared = True
    request_id: RequestId
    epoch: int
    certificate: Digest


@dataclass(frozen=True, slots=True)
class RecordAffected(Effect):
    """Record the descendants: first, or to correct what another has recorded."""

    name = "record-affected"
    shared = True
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class RecordReplacement(Effect):
    """Record the new manifest: first, or to correct what another has recorded."""

    name = "record-replacement"
    shared = True
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class MeasureRevocation(Effect):
    """Measure the model before and after the revocation on this organisation's validation data."""

    name = "measure-revocation"
    lane = "model"
    local = True
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class RecordVerification(Effect):
    name = "record-verification"
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class EndorseCertificate(Effect):
    name = "endorse"
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class RenewEndorsement(Effect):
    """Endorse again, because figures were recorded between this node's look at the chain and its endorsement.

    Once is enough: figures that come after the first endorsement are in nobody's certificate.
    """

    name = "renew-endorsement"
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class ShredUpdates(Effect):
    """Destroy keys and salts, unpin and collect, then record the receipt."""

    name = "shred"
    lane = "fetch"
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class CompareCompaction(Effect):
    """Make the sum that a proposed object stands for, compare, and endorse or dispute the object."""

    name = "compare-compaction"
    lane = "model"
    patient = True
    artefact_id: ArtefactId


@dataclass(frozen=True, slots=True)
class SettleCompaction(Effect):
    """Have the contract count again over the members of ``epoch``."""

    name = "settle-compaction"
    shared = True
    artefact_id: ArtefactId
    epoch: int


@dataclass(frozen=True, slots=True)
class AskCatchUp(Effect):
    """Ask the others for the content keys that this member lacks; ``ordinal`` counts its own requests from 1."""

    name = "ask-catch-up"
    ordinal: int


@dataclass(frozen=True, slots=True)
class OpenCatchUp(Effect):
    """Open a member's answer to the own request, and keep each key of it that opens what it is for."""

    name = "open-catch-up"
    lane = "fetch"
    local = True
    number: int
    organisation: OrganisationId


@dataclass(frozen=True, slots=True)
class AnswerCatchUp(Effect):
    """Give another member the content keys that it may have: seal them, store the object, say where it is.

    Attributes:
        organisation: who asks. ordinal: counts its requests, so that the first turn moves on with each of them.
    """

    name = "answer-catch-up"
    lane = "fetch"
    shared = True
    organisation: OrganisationId
    ordinal: int


@dataclass(frozen=True, slots=True)
class SettleCatchUp(Effect):
    """Destroy the private key of an own request that has served, or is superseded."""

    name = "settle-catch-up"
    local = True
    number: int


@dataclass(frozen=True, slots=True)
class ForgetAnswer(Effect):
    """Unpin the own answer to a request that has been served."""

    name = "forget-answer"
    local = True
    number: int


def organisation_of_turn(members: tuple[OrganisationId, ...], key: str, waited: int, patience: int) -> OrganisationId:
    """Whose turn it is to send a transaction that anyone may send.

    The first turn follows from ``key``, so that the work is shared; after every ``patience`` blocks it passes on, so
    that nothing hangs on one member.

    Args:
        members: in their order on the chain; not empty. key: the effect's id.
        waited: blocks since the transaction became possible. patience: blocks for each turn.
    """
    first = sum(key.encode()) % len(members)
    return members[(first + max(waited, 0) // patience) % len(members)]
