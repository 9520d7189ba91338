"""A whole life on two chains in memory: two rounds, awards, a revocation, certificate, shredding.

All of it is real but the bytecode: keys, signatures, seals, digests, trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from coincurve import PrivateKey
from unit.audit.foundation import PRIVATE, PUBLIC, QUORUM, answer, deploy
from unit.audit.ledger_chain import LedgerChain, Told
from unit.ledger.actors import (
    AURORA,
    CONSORTIUM_ID,
    CUMULUS,
    MEMBERS,
    authority,
    delegate,
    private_key,
    sign,
    task,
)

from orchestrator.audit import Sources
from orchestrator.chain.contracts import private_of
from orchestrator.chain.deployment import Deployment
from orchestrator.chain.reader import read_records
from orchestrator.chain.structs import Verdict
from orchestrator.commitment.certificate import build_certificate, certificate_bytes, certificate_digest, outcome_of
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_digest, head_of
from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import Seat
from orchestrator.commitment.receipt import Receipt
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.envelope import Context, generate_prekey, prekey_digest, seal
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.awards import Award, awards_tree
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.ledger.contributions import accepted_updates
from orchestrator.ledger.entities import Due, Mode
from orchestrator.ledger.ids import request_id_of, update_id_of
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.request import RevocationRequest
from orchestrator.ledger.view import Ledger, awards_of
from orchestrator.storage import MemoryStore
from orchestrator.types import Digest, OrganisationId, RequestId, UpdateId, protected


@dataclass
class Life:
    """The consortium at work. Every method is what one member does."""

    public: LedgerChain = field(default_factory=lambda: LedgerChain(PUBLIC))
    private: LedgerChain = field(default_factory=lambda: LedgerChain(PRIVATE))
    store: MemoryStore = field(default_factory=MemoryStore)
    ledger: Ledger = field(default_factory=Ledger)
    tasks: dict[Digest, Any] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    anchored: list[Checkpoint] = field(default_factory=lambda: [GENESIS])
    objects: dict[UpdateId, tuple[Any, Any]] = field(default_factory=dict)
    supply: int = 0
    _salts: int = 0
    _head: Digest = GENESIS_HEAD

    def __post_init__(self) -> None:
        self.deployments = {"public": deploy("public", self.public), "private": deploy("private", self.private)}
        answer(self.public, self.private, head=lambda: self._head, supply=lambda: self.supply)
        self._read(self.deployments["private"].contracts["Consortium"].block)
        for name in MEMBERS:
            self.publish_prekeys(name, 3)
        self.agreement = Agreement.of(CONSORTIUM_ID, "Agreement", MEMBERS, "tests", ["Be honest."])
        self.agreement_cid = self.store.add(self.agreement.to_bytes())
        for name in MEMBERS:
            told = (
                "RoundLedger",
                "AgreementAccepted",
                {"agreement_digest": self.agreement.digest, "organisation": name},
            )
            self.tell(private_key("authority", name), told)

    @property
    def sources(self) -> Sources:
        deployments = self.deployments["public"], self.deployments["private"]
        return Sources(self.public, self.private, self.store, *deployments)

    def tell(self, key: PrivateKey, *told: Told, data: bytes = b"") -> None:
        """One transaction on the private chain, and what it makes of the ledger."""
        salt = self._next_salt()
        self._salts += 1
        salted = [(contract, event, {**values, "leaf_salt": salt}) for contract, event, values in told]
        self.private.transact(key, self.private.addresses[told[0][0]], data, salted)
        self._read(self.private.block_number())

    def _next_salt(self) -> Digest:
        return sha256(f"salt {self._salts}".encode())

    def by(self, organisation: OrganisationId, *told: Told, data: bytes = b"") -> None:
        self.tell(private_key("delegate", organisation), *told, data=data)

    # -- rounds

    def publish_prekeys(self, organisation: OrganisationId, count: int) -> None:
        keys = [generate_prekey()[1] for _ in range(count)]
        self.by(
            organisation,
            *(
                ("KeyDirectory", "PrekeyPublished",
                 {"organisation": organisation, "index": index, "digest": prekey_digest(key), "key": key})
                for index, key in enumerate(keys)
            ),
        )  # fmt: skip

    def open_round(self) -> int:
        spec, number, state = task(), len(self.ledger.state.rounds) + 1, self.ledger.state
        self.tasks[spec.digest] = spec
        manifest = build_manifest(state, spec, self.tasks).digest
        opening = {
            "manifest_digest": manifest,
            "task_digest": spec.digest,
            "task_cid": self.store.add(spec.to_bytes()),
            "agreement_digest": self.agreement.digest,
            "agreement_cid": self.agreement_cid,
            "submit_blocks": spec.deadlines.submit,
            "release_blocks": spec.deadlines.release,
            "commit_blocks": spec.deadlines.commit,
            "reveal_blocks": spec.deadlines.reveal,
            "minimum_updates": spec.minimum_updates,
            "epsilon_cap": 0,
        }
        named = {"round_id": number, "task_digest": spec.digest, "manifest_digest": manifest}
        opened = {**named, "opener": AURORA, "opening": opening, "epoch": 1}
        assigned = [
            ("KeyDirectory", "PrekeyAssigned",
             {"round_id": number, "organisation": name, "index": number - 1,
              "digest": state.prekeys[name][number - 1].digest})
            for name in MEMBERS
        ]  # fmt: skip
        self.by(AURORA, ("RoundLedger", "RoundOpened", opened), *assigned)
        return number

    def contribute(self, organisation: OrganisationId) -> UpdateId:
        """Seal a delta to the round's prekeys and submit it."""
        number = self.ledger.state.open_round
        assert number is not None
        round_ = self.ledger.state.rounds[number]
        delta = protected(
            f"delta of {organisation} {number}".encode() * 50,
            policy="none",
            samples=100,
            epsilon=0,
            parent_manifest=round_.opening.manifest_digest,
        )
        context = Context(PRIVATE, self.private.addresses["RoundLedger"], number, organisation)
        sealed, _ = seal(delta, context, {name: prekey.key for name, prekey in round_.recipients.items()})
        update_id = update_id_of(PRIVATE, context.ledger, number, organisation, 1)
        self.objects[update_id] = (self.store.add(sealed.payload), self.store.add(sealed.header))
        submission = {
            "ciphertext_digest": sealed.ciphertext_digest,
            "header_digest": sealed.header_digest,
            "content_commitment": sealed.content_commitment,
            "data_statement_digest": sha256(organisation.encode()),
            "parent_manifest": sealed.parent_manifest,
            "samples": 100,
            "epsilon": 0,
        }
        named = {"round_id": number, "update_id": update_id, "organisation": organisation}
        self.by(organisation, ("RoundLedger", "UpdateSubmitted", {**named, "submission": submission}))
        return update_id

    def release(self, update_id: UpdateId) -> None:
        update = self.ledger.state.updates[update_id]
        named = {"round_id": update.round, "update_id": update_id, "organisation": update.organisation}
        payload, header = self.objects[update_id]
        told = ("RoundLedger", "UpdateReleased", {**named, "payload_cid": payload, "header_cid": header})
        self.by(update.organisation, told)

    def judge(self, judge: OrganisationId, scores: Sequence[tuple[UpdateId, int]]) -> None:
        number = self.ledger.state.open_round
        assert number is not None
        nonce = sha256(f"nonce {judge} {number}".encode())
        verdicts = [Verdict(update_id, True, 1_000_000, score) for update_id, score in scores]
        commitment = verdict_commitment(number, judge, verdicts, nonce)
        named = {"round_id": number, "organisation": judge}
        self.by(judge, ("RoundLedger", "VerdictsCommitted", {**named, "commitment": commitment}))
        told = [
            ("RoundLedger", "VerdictRevealed",
             {**named, "update_id": v.update_id, "accept": v.accept, "weight_cap": v.weight_cap, "score": v.score,
              "reason": v.reason})
            for v in verdicts
        ]  # fmt: skip
        data = self.private.call_data("RoundLedger", "revealVerdicts", number, verdicts, nonce, self._next_salt())
        self.by(judge, *told, data=data)

    def round(self) -> dict[OrganisationId, UpdateId]:
        """A whole round, its checkpoint and its awards."""
        number = self.open_round()
        updates = {name: self.contribute(name) for name in MEMBERS}
        for update_id in updates.values():
            self.release(update_id)
        for judge in MEMBERS:
            given = [(update_id, 10_000 * (1 + place)) for place, update_id in enumerate(updates.values())]
            self.judge(judge, given)
        accepted = len(accepted_updates(self.ledger.state, number))
        closed = {"round_id": number, "accepted": accepted, "released": len(updates)}
        self.by(AURORA, ("RoundLedger", "RoundClosed", closed), self._announced(f"0x{number:064x}", 0))
        self.anchor()
        self.pay()
        return updates

    # -- checkpoints and awards

    def anchor(self) -> Checkpoint:
        """Sign the checkpoint that is due, leave the signatures, relay it."""
        due = self.ledger.state.due[-1]
        content = self.ledger.checkpoint_content(due, self.private.block(due.block).hash, self.tasks)
        digest = self.ledger.state.members.consortium_digest
        checkpoint = content.checkpoint(previous_head=self._head, consortium_digest=digest, epoch=1)
        anchor, head = self.public.addresses["CheckpointAnchor"], head_of(checkpoint)
        message = checkpoint_digest(checkpoint, PUBLIC, anchor)
        signatures = {name: sign(private_key("delegate", name), message) for name in MEMBERS}
        for name, signature in signatures.items():
            attested = {"sequence": due.sequence, "organisation": name, "head": head, "signature": signature}
            self.private.transact(
                private_key("delegate", name),
                self.private.addresses["CheckpointSchedule"],
                b"",
                [("CheckpointSchedule", "CheckpointAttested", attested)],
            )
        ordered = sorted(MEMBERS[:QUORUM], key=delegate)
        data = self.public.call_data(
            "CheckpointAnchor", "anchor", self.anchored[-1], checkpoint, [signatures[name] for name in ordered]
        )
        event = {"sequence": due.sequence, "head": head, "manifest_digest": checkpoint.manifest_digest}
        told = ("CheckpointAnchor", "CheckpointAnchored", {**event, "checkpoint": checkpoint, "signers": 0b011})
        self.public.transact(private_key("delegate", AURORA), anchor, data, [told])
        self.anchored.append(checkpoint)
        self._head = head
        return checkpoint

    def pay(self) -> None:
        """Publish the last checkpoint's awards and claim all but one of them."""
        due, checkpoint = self.ledger.state.due[-1], self.anchored[-1]
        claimable = self.public.block_number() + 3
        published = {"sequence": due.sequence, "root": checkpoint.awards_root, "claimable_from": claimable}
        distributor = self.public.addresses["AwardDistributor"]
        key = private_key("delegate", CUMULUS)
        self.public.transact(key, distributor, b"", [("AwardDistributor", "AwardsPublished", published)])
        self.public.mine(3)
        for award in self.awards(due)[:-1]:
            claimed = {"sequence": due.sequence, "update_id": award.update_id, "account": award.account}
            told = {**claimed, "index": award.index, "amount": award.amount}
            self.public.transact(key, distributor, b"", [("AwardDistributor", "AwardClaimed", told)])
            self.supply += award.amount

    def awards(self, due: Due) -> tuple[Award, ...]:
        listed = awards_of(self.ledger.state, due, self.tasks)
        assert awards_tree(due.sequence, listed).root == self.anchored[due.sequence].awards_root
        return listed

    # -- revocations

    def revoke(self, organisation: OrganisationId, updates: Sequence[UpdateId]) -> RequestId:
        """A whole revocation of own contributions, until everybody has shredded."""
        request_id = self.request(organisation, updates)
        self.verify(request_id)
        self.certify(request_id)
        self.anchor()
        for place, name in enumerate(MEMBERS):
            self.shred(request_id, name, last=place == len(MEMBERS) - 1)
        return request_id

    def request(self, organisation: OrganisationId, updates: Sequence[UpdateId], *, approved: bool = True) -> RequestId:
        number, ledger = len(self.ledger.state.revocations) + 1, self.private.addresses["RevocationLedger"]
        request_id = request_id_of(PRIVATE, ledger, number)
        request = RevocationRequest(organisation, tuple(sorted(updates)), "withdrawn", Mode.DROP, False)
        told = {
            "request_id": request_id,
            "organisation": organisation,
            "reason": "withdrawn",
            "mode": 0,
            "urgent": False,
            "updates": list(updates),
            "request_digest": request.digest,
        }
        events: list[Told] = [("RevocationLedger", "RevocationRequested", told)]
        if approved:
            events.append(("RevocationLedger", "RevocationApproved", {"request_id": request_id, "supporters": 1}))
        self.by(organisation, *events)
        return request_id

    def verify(self, request_id: RequestId) -> None:
        outcome = outcome_of(self.ledger.state, request_id, self.tasks)
        named = {"request_id": request_id, "organisation": AURORA}
        affected = {**named, "descendants": list(outcome.descendants)}
        self.by(AURORA, ("RevocationLedger", "UpdatesAffected", affected))
        self.by(AURORA, ("RevocationLedger", "ManifestReplaced", {**named, "manifest_digest": outcome.after}))
        for name in MEMBERS:
            figures = {"metric": "loss", "value_before": 3_500_000, "value_after": 3_600_000, "samples": 64}
            told = {"request_id": request_id, "organisation": name, **figures}
            self.by(name, ("RevocationLedger", "VerificationRecorded", told))

    def certify(self, request_id: RequestId) -> None:
        """By as many as the quorum wants, the last of whom makes it so."""
        certificate = self.endorse(request_id, MEMBERS[: QUORUM - 1])
        self.endorse(request_id, MEMBERS[QUORUM - 1 : QUORUM], self._certification(request_id, certificate))

    def certified(self, organisation: OrganisationId, request_id: RequestId, certificate: Digest) -> None:
        """A later count: nobody endorses in this transaction."""
        self.by(organisation, *self._certification(request_id, certificate))

    def _certification(self, request_id: RequestId, certificate: Digest) -> list[Told]:
        told = {"request_id": request_id, "certificate_digest": certificate}
        return [("RevocationLedger", "RevocationCertified", told), self._announced(request_id, 1)]

    def endorse(
        self, request_id: RequestId, organisations: Sequence[OrganisationId], then: Sequence[Told] = ()
    ) -> Digest:
        document = build_certificate(self.ledger.state, request_id, self.tasks, consortium_id=CONSORTIUM_ID)
        data = certificate_bytes(document)
        message = certificate_digest(request_id, sha256(data), PRIVATE, self.private.addresses["RevocationLedger"])
        for name in organisations:
            endorsed = {
                "request_id": request_id,
                "organisation": name,
                "certificate_digest": sha256(data),
                "certificate_cid": self.store.add(data),
                "signature": sign(private_key("delegate", name), message),
            }
            self.by(name, ("RevocationLedger", "CertificateEndorsed", endorsed), *then)
        return sha256(data)

    def shred(self, request_id: RequestId, organisation: OrganisationId, *, last: bool) -> None:
        revocation = self.ledger.state.revocations[request_id]
        assert revocation.certificate is not None
        gone = [cid for item in revocation.updates for cid in self.objects[item]]
        count, updates = len(revocation.updates), tuple(sorted(revocation.updates))
        receipt = Receipt(revocation.certificate, request_id, organisation, updates, count, count, tuple(sorted(gone)))
        receipt_cid = self.store.add(receipt.to_bytes())
        named = {"request_id": request_id, "organisation": organisation}
        told: list[Told] = [
            ("RevocationLedger", "ShredReceiptRecorded",
             {**named, "receipt_digest": receipt.digest, "receipt_cid": receipt_cid})
        ]  # fmt: skip
        if last:
            told.append(("RevocationLedger", "RevocationShredded", {"request_id": request_id}))
            for cid in gone:
                self.store.unpin(cid)
            self.store.collect()
        self.by(organisation, *told)

    # -- foundations

    def remove(self, organisation: OrganisationId, *, quorum: int = QUORUM) -> None:
        """The private chain's half of a change of membership."""
        seats = [Seat(name, seat.authority) for name, seat in self.ledger.state.members.seats.items()]
        kept = [seat for seat in seats if seat.organisation != organisation]
        told: list[Told] = [
            ("Consortium", "MemberRemoved", {"organisation": organisation, "authority": authority(organisation)})
        ]
        if quorum != QUORUM:
            told.append(("Consortium", "QuorumChanged", {"previous": QUORUM, "current": quorum}))
        digest = consortium_digest(CONSORTIUM_ID, 2, quorum, kept)
        advanced = {"epoch": 2, "consortium_digest": digest, "quorum": quorum, "members": len(kept)}
        told.append(("Consortium", "EpochAdvanced", advanced))
        self.private.transact(private_key("authority", AURORA), self.private.addresses["Consortium"], b"", told)
        self._read(self.private.block_number())

    def _announced(self, subject: str, reason: int) -> Told:
        due = {"sequence": len(self.ledger.state.due) + 1, "subject": subject, "reason": reason}
        return ("CheckpointSchedule", "CheckpointDue", due)

    def _read(self, block: int) -> None:
        contracts = private_of(self.private, self.deployments["private"])
        for record in read_records(self.private, contracts, block, block, members=self.ledger.state.members):
            self.ledger.append(record)


def whole_life() -> tuple[Life, RequestId]:
    """Two rounds, then all of ``cumulus`` revoked, certified and shredded."""
    life = Life()
    first, second = life.round(), life.round()
    return life, life.revoke(CUMULUS, [first[CUMULUS], second[CUMULUS]])
