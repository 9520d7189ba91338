"""Reference model of the RevocationLedger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stateful.model_members import MembersModel
from stateful.model_round_ledger import RoundLedgerModel
from stateful.model_rounds import TIMED, Round
from stateful.refusals import Refused, refuse

from orchestrator.chain.structs import Mode, Phase, Stage
from orchestrator.ledger.ids import request_id_of
from orchestrator.types import ZERO_DIGEST, Address, Digest, OrganisationId, RequestId, UpdateId

MOST_UPDATES = 256


@dataclass
class Revocation:
    """One request, and who has done what for it."""

    id: RequestId
    organisation: OrganisationId
    updates: tuple[UpdateId, ...]
    mode: Mode
    urgent: bool
    stage: Stage
    deadline: int
    pressed: bool = False
    certificate: Digest = ZERO_DIGEST
    replacement: Digest = ZERO_DIGEST
    supported: set[OrganisationId] = field(default_factory=set)
    affected: set[OrganisationId] = field(default_factory=set)
    replaced: set[OrganisationId] = field(default_factory=set)
    verified: set[OrganisationId] = field(default_factory=set)
    endorsed: dict[OrganisationId, Digest] = field(default_factory=dict)
    shredded: set[OrganisationId] = field(default_factory=set)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(f"<request {self.id[:10]}… at {self.stage.name}>")


class RevocationLedgerModel:
    """All requests, in the order in which they were made."""

    def __init__(
        self, members: MembersModel, rounds: RoundLedgerModel, chain_id: int, address: Address, step: int
    ) -> None:
        self.members, self.rounds = members, rounds
        self.chain_id, self.address, self.step = chain_id, address, step
        self.requests: dict[RequestId, Revocation] = {}
        self.holders: dict[UpdateId, RequestId] = {}
        self.interrupted_at: dict[OrganisationId, int] = {}

    @property
    def awaiting(self) -> int:
        """Approved requests without a new manifest."""
        return sum(item.stage in (Stage.APPROVED, Stage.AFFECTED) for item in self.requests.values())

    def next_id(self) -> RequestId:
        return request_id_of(self.chain_id, self.address, len(self.requests) + 1)

    def stage_at(self, block: int, item: Revocation) -> Stage:
        late = item.stage == Stage.REPLACED and block > item.deadline
        return Stage.VERIFIED if late and self._count(item.verified) >= self.members.quorum else item.stage

    def request(
        self,
        block: int,
        sender: Address,
        updates: Sequence[UpdateId],
        reason: str | bytes,
        mode: Mode,
        urgent: bool,
        digest: Digest,
    ) -> None:
        organisation = self.members.calling_delegate(sender)
        refuse(not 0 < len(updates) <= MOST_UPDATES, "RevocationLedgerUpdateCount", len(updates), MOST_UPDATES)
        for place, update in enumerate(updates):
            refuse(update not in self.rounds.updates, "RevocationLedgerUnknownUpdate", update)
            self._check_free(update)
            refuse(update in updates[:place], "RevocationLedgerAlreadyRequested", update, self.next_id())
        own = all(self.rounds.updates[update].organisation == organisation for update in updates)
        refuse(not own and not reason, "RevocationLedgerReasonMissing")
        refuse(digest == ZERO_DIGEST, "RevocationLedgerEmptyDigest")
        item = Revocation(
            self.next_id(), organisation, tuple(updates), mode, urgent, Stage.REQUESTED, block + self.step
        )
        item.supported.add(organisation)
        self._settle_support(block, item, item.supported, own)
        self.requests[item.id] = item

    def support(self, block: int, sender: Address, request_id: RequestId) -> None:
        organisation, item = self._actor(sender, request_id)
        if not (item.stage == Stage.APPROVED and item.urgent):
            self._within(block, item, Stage.REQUESTED, Stage.REQUESTED)
            refuse(block > item.deadline, "RevocationLedgerTooLate", request_id, block, item.deadline)
        refuse(organisation in item.supported, "RevocationLedgerAlreadyDone", request_id, organisation)
        self._settle_support(block, item, item.supported | {organisation}, own=False)

    def record_affected(self, block: int, sender: Address, request_id: RequestId) -> None:
        organisation, item = self._actor(sender, request_id)
        self._within(block, item, Stage.APPROVED, Stage.REPLACED)
        self._between_rounds()
        refuse(organisation in item.affected, "RevocationLedgerAlreadyDone", request_id, organisation)
        item.affected.add(organisation)
        if item.stage == Stage.APPROVED:
            self._enter(block, item, Stage.AFFECTED)

    def record_replacement(self, block: int, sender: Address, request_id: RequestId, manifest: Digest) -> None:
        organisation, item = self._actor(sender, request_id)
        self._within(block, item, Stage.AFFECTED, Stage.REPLACED)
        self._between_rounds()
        refuse(manifest == ZERO_DIGEST, "RevocationLedgerEmptyDigest")
        refuse(organisation in item.replaced, "RevocationLedgerAlreadyDone", request_id, organisation)
        item.replaced.add(organisation)
        item.replacement = manifest
        if item.stage == Stage.AFFECTED:
            self._enter(block, item, Stage.REPLACED)

    def record_verification(self, block: int, sender: Address, request_id: RequestId) -> None:
        organisation, item = self._actor(sender, request_id)
        self._within(block, item, Stage.REPLACED, Stage.VERIFIED)
        refuse(organisation in item.verified, "RevocationLedgerAlreadyDone", request_id, organisation)
        item.verified.add(organisation)
        self._settle_verification(block, item)

    def endorse(self, block: int, sender: Address, request_id: RequestId, certificate: Digest, signer: Address) -> None:
        organisation, item = self._actor(sender, request_id)
        self._within(block, item, Stage.VERIFIED, Stage.SHREDDED)
        certified = item.stage >= Stage.CERTIFIED
        refuse(certificate == ZERO_DIGEST, "RevocationLedgerEmptyDigest")
        if certified:
            self._check_certificate(item, certificate)
        refuse(signer != sender, "RevocationLedgerWrongSigner", signer, sender)
        again = item.endorsed.get(organisation) == certificate
        refuse(again, "RevocationLedgerAlreadyDone", request_id, organisation)
        item.endorsed[organisation] = certificate
        if certified:
            return
        if item.stage == Stage.REPLACED:
            self._enter(block, item, Stage.VERIFIED)
        self._settle_endorsements(block, item, certificate)

    def record_shredding(
        self, block: int, sender: Address, request_id: RequestId, certificate: Digest, receipt: Digest
    ) -> None:
        organisation, item = self._actor(sender, request_id)
        self._within(block, item, Stage.CERTIFIED, Stage.SHREDDED)
        self._check_certificate(item, certificate)
        refuse(receipt == ZERO_DIGEST, "RevocationLedgerEmptyDigest")
        refuse(organisation in item.shredded, "RevocationLedgerAlreadyDone", request_id, organisation)
        item.shredded.add(organisation)
        self._settle_shredding(item)

    def settle(self, block: int, sender: Address, request_id: RequestId, certificate: Digest) -> None:
        _organisation, item = self._actor(sender, request_id)
        before = item.stage
        if before == Stage.REQUESTED and block <= item.deadline:
            self._settle_support(block, item, item.supported, own=False)
        self._settle_verification(block, item)
        if self.stage_at(block, item) == Stage.VERIFIED and certificate != ZERO_DIGEST:
            self._settle_endorsements(block, item, certificate)
        if before == Stage.CERTIFIED:
            self._settle_shredding(item)
        refuse(item.stage == before, "RevocationLedgerNothingToSettle", request_id, before)

    def _settle_support(self, block: int, item: Revocation, supporters: set[OrganisationId], own: bool) -> None:
        """Approves where the updates are the requester's own or a quorum wants it; may fail the open round."""
        by_quorum = self._count(supporters) >= self.members.quorum
        approved = item.stage == Stage.REQUESTED and (own or by_quorum)
        if approved:
            self._hold(item)
            self._enter(block, item, Stage.APPROVED)
        item.supported = supporters
        presses = by_quorum and item.urgent and not item.pressed
        item.pressed = item.pressed or presses
        round_ = self._interruptible(block)
        if round_ is None or not (presses or (approved and item.mode == Mode.REPLAY)):
            return
        if by_quorum or self._may_interrupt(item):
            round_.finish(block, Phase.FAILED)

    def _hold(self, item: Revocation) -> None:
        for update in item.updates:
            self._check_free(update)
        self.holders.update(dict.fromkeys(item.updates, item.id))

    def _may_interrupt(self, item: Revocation) -> bool:
        mark = self.rounds.closed_count + 1
        counts = any(self.rounds.accepted(update) for update in item.updates)
        if self.interrupted_at.get(item.organisation) == mark or not counts:
            return False
        self.interrupted_at[item.organisation] = mark
        return True

    def _interruptible(self, block: int) -> Round | None:
        round_ = self.rounds.open_round
        return round_ if round_ is not None and round_.phase_at(block) in TIMED else None

    def _settle_verification(self, block: int, item: Revocation) -> None:
        if item.stage == Stage.REPLACED and self._count(item.verified) == len(self.members.members):
            self._enter(block, item, Stage.VERIFIED)

    def _settle_endorsements(self, block: int, item: Revocation, certificate: Digest) -> None:
        endorsers = [name for name, given in item.endorsed.items() if given == certificate]
        if self._count(endorsers) >= self.members.quorum:
            item.certificate = certificate
            self._enter(block, item, Stage.CERTIFIED)
            self.rounds.checkpoints += 1

    def _settle_shredding(self, item: Revocation) -> None:
        if item.stage == Stage.CERTIFIED and self._count(item.shredded) == len(self.members.members):
            item.stage, item.deadline = Stage.SHREDDED, 0

    def _count(self, organisations: Iterable[OrganisationId]) -> int:
        """How many of them are members now."""
        return len({*organisations} & {*self.members.organisations})

    def _enter(self, block: int, item: Revocation, stage: Stage) -> None:
        item.stage, item.deadline = stage, block + self.step

    def _actor(self, sender: Address, request_id: RequestId) -> tuple[OrganisationId, Revocation]:
        organisation = self.members.calling_delegate(sender)
        if request_id not in self.requests:
            raise Refused("RevocationLedgerUnknownRequest", request_id)
        return organisation, self.requests[request_id]

    def _within(self, block: int, item: Revocation, first: Stage, last: Stage) -> None:
        stage = self.stage_at(block, item)
        refuse(not first <= stage <= last, "RevocationLedgerUnexpectedStage", item.id, stage, first)

    def _between_rounds(self) -> None:
        round_ = self.rounds.open_round
        refuse(round_ is not None, "RevocationLedgerRoundOpen", round_.id if round_ else 0)

    def _check_free(self, update: UpdateId) -> None:
        holder = self.holders.get(update)
        refuse(holder is not None, "RevocationLedgerAlreadyRequested", update, holder)

    def _check_certificate(self, item: Revocation, certificate: Digest) -> None:
        wrong = certificate != item.certificate
        refuse(wrong, "RevocationLedgerWrongCertificate", item.id, certificate, item.certificate)
