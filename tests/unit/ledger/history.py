"""A plausible private chain, record by record, for tests of everything that reads records.

``life()`` is a whole life: three members, two rounds, one member's contributions revoked, certificate and receipts.
Anything else is made step by step with :class:`History`. Signatures are real; keys follow from names.

Import it as ``from unit.ledger.history import History, life``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from unit.ledger.actors import (
    AURORA,
    BOREALIS,
    CHAIN_ID,
    CONSORTIUM_ID,
    CONTRACTS,
    CUMULUS,
    MEMBERS,
    MODES,
    authority,
    cid_of,
    delegate,
    private_key,
    sign,
    task,
    word_of,
)

from orchestrator.commitment.certificate import build_certificate, certificate_digest, digest_of, outcome_of
from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import Seat
from orchestrator.commitment.receipt import build_receipt
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.canonical import digest, sha256
from orchestrator.ledger.contributions import accepted_updates
from orchestrator.ledger.ids import request_id_of, update_id_of
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import sender_of
from orchestrator.ledger.schema import kind_of
from orchestrator.ledger.state import LedgerState
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.view import Ledger
from orchestrator.types import MILLION, ZERO_DIGEST, Digest, OrganisationId, RequestId, UpdateId


class History:
    """Records as the private contracts would tell them. Every call is one transaction in a block of its own.

    Args:
        members: the founding organisations. quorum: of them.
        prekeys: how many each publishes at the beginning.
    """

    def __init__(self, members: Sequence[OrganisationId] = MEMBERS, quorum: int = 2, prekeys: int = 4) -> None:
        self.ledger = Ledger()
        self.tasks: dict[Digest, TaskSpec] = {}
        self.block = 1
        self.agreement = Agreement.of(CONSORTIUM_ID, "Agreement", members, "tests", ["Be honest."])
        self._log_index = 0
        self._found(members, quorum)
        for name in members:
            self.publish_prekeys(name, prekeys)
            self.tell("AgreementAccepted", name, agreement_digest=self.agreement.digest, organisation=name)

    @property
    def records(self) -> Sequence[Record]:
        return self.ledger.records

    @property
    def state(self) -> LedgerState:
        return self.ledger.state

    def mine(self, blocks: int = 1) -> None:
        self.block += blocks
        self._log_index = 0

    def tell(self, kind: str, by: str, *, same_transaction: bool = False, **fields: Any) -> Record:
        """Makes one record, by a member's delegate (or its authority, where the contract wants that)."""
        if not same_transaction:
            self.mine()
        by_authority = not kind_of(kind).salted or kind == "AgreementAccepted"
        signer = authority(by) if by_authority else delegate(by)
        salted = kind_of(kind).salted
        record = Record(
            kind=kind,
            chain_id=CHAIN_ID,
            contract=CONTRACTS[kind_of(kind).contract],
            block=self.block,
            transaction=word_of("transaction", self.block),
            log_index=self._log_index,
            sender=sender_of(self.state.members, kind, signer),
            signer=signer,
            salt=word_of("salt", self.block) if salted else ZERO_DIGEST,
            fields=fields,
        )
        self._log_index += 1
        self.ledger.append(record)
        return record

    def publish_prekeys(self, organisation: OrganisationId, count: int) -> None:
        start = len(self.state.prekeys.get(organisation, {}))
        for index in range(start, start + count):
            key = f"prekey/{organisation}/{index}".encode()
            self.tell(
                "PrekeyPublished",
                organisation,
                same_transaction=index > start,
                organisation=organisation,
                index=index,
                digest=sha256(key),
                key="0x" + key.hex(),
            )

    def open_round(self, spec: TaskSpec | None = None, by: OrganisationId = AURORA) -> int:
        spec = spec or task()
        self.tasks[spec.digest] = spec
        number, members = len(self.state.rounds) + 1, self.state.members
        manifest = build_manifest(self.state, spec, self.tasks).digest
        opening = {
            "manifest_digest": manifest,
            "task_digest": spec.digest,
            "task_cid": cid_of(spec.digest),
            "agreement_digest": self.agreement.digest,
            "agreement_cid": cid_of(self.agreement.digest),
            "submit_blocks": spec.deadlines.submit,
            "release_blocks": spec.deadlines.release,
            "commit_blocks": spec.deadlines.commit,
            "reveal_blocks": spec.deadlines.reveal,
            "minimum_updates": spec.minimum_updates,
            "epsilon_cap": spec.privacy.epsilon_cap,
        }
        self.tell(
            "RoundOpened",
            by,
            round_id=number,
            task_digest=spec.digest,
            manifest_digest=manifest,
            opener=by,
            opening=opening,
            epoch=members.epoch,
        )
        for name in members.seats:
            unused = [item for item in self.state.prekeys.get(name, {}).values() if item.round is None]
            if unused:
                prekey = min(unused, key=lambda item: item.index)
                fields = {"organisation": name, "index": prekey.index, "digest": prekey.digest}
                self.tell("PrekeyAssigned", by, same_transaction=True, round_id=number, **fields)
        return number

    def submit(self, organisation: OrganisationId, *, samples: int = 100) -> UpdateId:
        """Submits to the open round; again replaces."""
        round_ = self.state.rounds[self._open()]
        earlier = [item for item in round_.submissions if self.state.updates[item].organisation == organisation]
        ordinal = len(earlier) + 1
        update_id = update_id_of(CHAIN_ID, CONTRACTS["RoundLedger"], round_.id, organisation, ordinal)
        submission = {
            "ciphertext_digest": word_of("ciphertext", update_id),
            "header_digest": word_of("header", update_id),
            "content_commitment": word_of("content", update_id),
            "data_statement_digest": word_of("statement", organisation),
            "parent_manifest": round_.opening.manifest_digest,
            "samples": samples,
            "epsilon": 0,
        }
        fields = {"round_id": round_.id, "organisation": organisation, "submission": submission}
        self.tell("UpdateSubmitted", organisation, update_id=update_id, **fields)
        if earlier:
            replaced = {"previous": earlier[-1], "current": update_id}
            self.tell("UpdateReplaced", organisation, same_transaction=True, round_id=round_.id, **replaced)
        return update_id

    def release(self, update_id: UpdateId) -> None:
        update = self.state.updates[update_id]
        self.tell(
            "UpdateReleased",
            update.organisation,
            round_id=update.round,
            update_id=update_id,
            organisation=update.organisation,
            payload_cid=cid_of("payload", update_id),
            header_cid=cid_of("header", update_id),
        )

    def judge(
        self,
        judge: OrganisationId,
        scores: Mapping[UpdateId, int],
        *,
        rejects: Iterable[UpdateId] = (),
        caps: Mapping[UpdateId, int] | None = None,
    ) -> None:
        """Commits to and reveals one member's verdicts on the open round."""
        number, refused = self._open(), set(rejects)
        self.tell(
            "VerdictsCommitted",
            judge,
            round_id=number,
            organisation=judge,
            commitment=word_of("verdicts", number, judge),
        )
        self.mine()
        for update_id, score in scores.items():
            self.tell(
                "VerdictRevealed",
                judge,
                same_transaction=True,
                round_id=number,
                update_id=update_id,
                organisation=judge,
                accept=update_id not in refused,
                weight_cap=(caps or {}).get(update_id, MILLION),
                score=score,
                reason="norm" if update_id in refused else "",
            )

    def close(self, by: OrganisationId = AURORA) -> None:
        number = self._open()
        accepted = len(accepted_updates(self.state, number))
        released = sum(self.state.updates[item].released for item in self.state.rounds[number].submissions)
        self.tell("RoundClosed", by, round_id=number, accepted=accepted, released=released)

    def fail(self, reason: str = "too_few_updates", by: OrganisationId = AURORA) -> None:
        self.tell("RoundFailed", by, round_id=self._open(), reason=reason)

    def round(
        self,
        spec: TaskSpec | None = None,
        *,
        participants: Sequence[OrganisationId] | None = None,
        samples: Mapping[OrganisationId, int] | None = None,
        scores: Mapping[OrganisationId, int] | None = None,
        caps: Mapping[OrganisationId, int] | None = None,
    ) -> dict[OrganisationId, UpdateId]:
        """A whole round in which everybody accepts everything; returns the updates by their owner."""
        self.open_round(spec)
        names = tuple(self.state.members.seats) if participants is None else participants
        updates = {name: self.submit(name, samples=(samples or {}).get(name, 100)) for name in names}
        for name in self.state.members.seats:
            if name not in names:
                self.tell("RoundPassed", name, round_id=self._open(), organisation=name)
        for update_id in updates.values():
            self.release(update_id)
        given = {update: (scores or {}).get(name, 10_000) for name, update in updates.items()}
        limits = {updates[name]: cap for name, cap in (caps or {}).items()}
        for name in self.state.members.seats:
            self.judge(name, given, caps=limits)
        self.close()
        return updates

    def request(
        self,
        organisation: OrganisationId,
        updates: Sequence[UpdateId],
        *,
        mode: str = "drop",
        reason: str = "withdrawn",
        urgent: bool = False,
    ) -> RequestId:
        """Asks for a revocation; it is approved at once where all updates are the organisation's own."""
        number = len(self.state.revocations) + 1
        request_id = request_id_of(CHAIN_ID, CONTRACTS["RevocationLedger"], number)
        self.tell(
            "RevocationRequested",
            organisation,
            request_id=request_id,
            organisation=organisation,
            reason=reason,
            mode=MODES.index(mode),
            urgent=urgent,
            updates=list(updates),
            request_digest=word_of("request", number),
        )
        if all(self.state.updates[item].organisation == organisation for item in updates):
            self.tell("RevocationApproved", organisation, same_transaction=True, request_id=request_id, supporters=1)
        return request_id

    def support(self, request_id: RequestId, organisation: OrganisationId, *, approves: bool = False) -> None:
        self.tell("RevocationSupported", organisation, request_id=request_id, organisation=organisation)
        if approves:
            self.tell("RevocationApproved", organisation, same_transaction=True, request_id=request_id, supporters=2)

    def verify(self, request_id: RequestId, organisations: Iterable[OrganisationId] | None = None) -> None:
        """Records what is affected, the replacement and the members' figures."""
        outcome = outcome_of(self.state, request_id, self.tasks)
        lead = next(iter(self.state.members.seats))
        named = {"request_id": request_id, "organisation": lead}
        self.tell("UpdatesAffected", lead, **named, descendants=list(outcome.descendants))
        self.tell("ManifestReplaced", lead, **named, manifest_digest=outcome.after)
        for name in organisations or self.state.members.seats:
            self.tell(
                "VerificationRecorded",
                name,
                request_id=request_id,
                organisation=name,
                metric="loss",
                value_before=3_500_000,
                value_after=3_600_000,
                samples=64,
            )

    def certify(self, request_id: RequestId) -> Digest:
        """Endorses the certificate by as many members as the quorum wants."""
        certificate = build_certificate(self.state, request_id, self.tasks, consortium_id=CONSORTIUM_ID)
        found, members = digest_of(certificate), self.state.members
        message = certificate_digest(request_id, found, CHAIN_ID, CONTRACTS["RevocationLedger"])
        for name in list(members.seats)[: members.quorum]:
            self.tell(
                "CertificateEndorsed",
                name,
                request_id=request_id,
                organisation=name,
                certificate_digest=found,
                certificate_cid=cid_of(found),
                signature="0x" + sign(private_key("delegate", name), message).hex(),
            )
        self.tell("RevocationCertified", name, same_transaction=True, request_id=request_id, certificate_digest=found)
        return found

    def shred(self, request_id: RequestId) -> None:
        """Records every member's receipt."""
        revocation = self.state.revocations[request_id]
        assert revocation.certificate is not None
        for name in self.state.members.seats:
            receipt = build_receipt(
                certificate=revocation.certificate,
                request_id=request_id,
                organisation=name,
                updates=revocation.updates,
                content_keys=len(revocation.updates),
                content_salts=len(revocation.updates),
                unpinned=[cid_of("payload", item) for item in revocation.updates],
            )
            found = digest(receipt)
            self.tell(
                "ShredReceiptRecorded",
                name,
                request_id=request_id,
                organisation=name,
                receipt_digest=found,
                receipt_cid=cid_of(found),
            )
        self.tell("RevocationShredded", name, same_transaction=True, request_id=request_id)

    def revoke(self, organisation: OrganisationId, updates: Sequence[UpdateId], **how: Any) -> RequestId:
        """A whole revocation of own contributions."""
        request_id = self.request(organisation, updates, **how)
        self.verify(request_id)
        self.certify(request_id)
        self.shred(request_id)
        return request_id

    def _open(self) -> int:
        assert self.state.open_round is not None
        return self.state.open_round

    def _found(self, members: Sequence[OrganisationId], quorum: int) -> None:
        for name in members:
            named = {"same_transaction": True, "organisation": name}
            self.tell("MemberAdded", name, **named, authority=authority(name))
            self.tell("DelegateRotated", name, **named, previous=NO_ADDRESS, current=delegate(name))
        seats = [Seat(name, authority(name)) for name in members]
        self.tell(
            "EpochAdvanced",
            members[0],
            same_transaction=True,
            epoch=1,
            consortium_digest=consortium_digest(CONSORTIUM_ID, 1, quorum, seats),
            quorum=quorum,
            members=str(len(members)),
        )


def life() -> History:
    """Two rounds of three members, then everything of ``cumulus`` revoked, certified and shredded."""
    history = History()
    scores = {AURORA: 30_000, BOREALIS: 20_000, CUMULUS: 10_000}
    first = history.round(scores=scores)
    second = history.round(scores=scores)
    history.revoke(CUMULUS, [first[CUMULUS], second[CUMULUS]])
    return history
