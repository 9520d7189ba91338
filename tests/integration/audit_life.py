"""A whole life on real chains and contracts, each step by the member's own key: a round, awards, a revocation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chain_deployment import Consortium, MemberKeys
from unit.ledger.actors import task

from orchestrator.audit import Sources
from orchestrator.chain.proxy import Call
from orchestrator.chain.reader import read_records
from orchestrator.chain.sender import TransactionSender
from orchestrator.chain.structs import AwardLeaf, Mode, Opening, Submission, Verdict, Verification
from orchestrator.commitment.certificate import build_certificate, certificate_bytes, certificate_digest, outcome_of
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_digest, head_of
from orchestrator.commitment.receipt import Receipt
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.envelope import Context, generate_prekey, seal
from orchestrator.ledger import entities
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.awards import awards_tree
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.ledger.ids import update_id_of
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.request import RevocationRequest
from orchestrator.ledger.view import Ledger, awards_of
from orchestrator.storage.store import ObjectStore
from orchestrator.types import Cid, Digest, OrganisationId, RequestId, UpdateId, protected

SALT = sha256(b"leaf salt")
NONCE = sha256(b"nonce")


@dataclass
class RealLife:
    """Members that act through the package's own proxies.

    Attributes:
        ipfs: where the store's node answers, for verbs that are to read from it.
    """

    consortium: Consortium
    store: ObjectStore
    ipfs: str = ""
    tasks: dict[Digest, Any] = field(default_factory=dict)
    objects: dict[UpdateId, tuple[Cid, Cid]] = field(default_factory=dict)
    chain: list[Checkpoint] = field(default_factory=lambda: [GENESIS])
    known: Ledger = field(default_factory=Ledger)
    seen: int = -1

    @property
    def sources(self) -> Sources:
        public, private = self.consortium.public, self.consortium.private
        return Sources(
            self.consortium.public_chain,
            self.consortium.private_chain,
            self.store,
            public.deployment,
            private.deployment,
        )

    @property
    def ledger(self) -> Ledger:
        """With everything that happened since it was last looked at."""
        chain, contracts, members = self.consortium.private_chain, self.consortium.private, self.known.state.members
        head = chain.block_number()
        for record in read_records(chain, contracts, self.seen + 1, head, members=members):
            self.known.append(record)
        self.seen = head
        return self.known

    def by(self, member: MemberKeys, call: Call) -> None:
        on_public = call.chain_id == self.consortium.public_chain.chain_id
        chain = self.consortium.public_chain if on_public else self.consortium.private_chain
        signer = member.authority if call.role == "authority" else member.delegate
        TransactionSender(chain, signer, timeout=30, poll=0.02).send(call)

    def round(self) -> dict[OrganisationId, UpdateId]:
        """A round, its checkpoint, its awards; returns the updates by their owner."""
        private, members = self.consortium.private, self.consortium.members
        for member in members:
            self.by(member, private.keys.publish_prekeys([generate_prekey()[1] for _ in range(2)], SALT))
            self.by(member, private.rounds.accept_agreement(self.agreement.digest, SALT))
        self.open_round(members[0])
        for member in members:
            self.by(member, self._contribution(member))
        updates = {item.organisation: item.id for item in self.ledger.state.updates.values()}
        for member in members:
            update_id = updates[member.organisation]
            self.by(member, private.rounds.release_update(update_id, *self.objects[update_id], SALT))
        verdicts = [Verdict(item, True, score=1000 * (place + 1)) for place, item in enumerate(updates.values())]
        for member in members:
            commitment = verdict_commitment(1, member.organisation, verdicts, NONCE)
            self.by(member, private.rounds.commit_verdicts(1, commitment, SALT))
        for member in members:
            self.by(member, private.rounds.reveal_verdicts(1, verdicts, NONCE, SALT))
        self.by(members[1], private.rounds.close_round(1, SALT))
        self.anchor()
        self._pay()
        return updates

    @property
    def agreement(self) -> Agreement:
        names = [member.organisation for member in self.consortium.members]
        consortium_id = self.consortium.private.deployment.consortium_id
        return Agreement.of(consortium_id, "Agreement", names, "tests", ["Be honest."])

    def open_round(self, by: MemberKeys) -> None:
        self.by(by, self.consortium.private.rounds.open_round(self._opening(self.agreement), SALT))

    def revoke(self, owner: MemberKeys, update_id: UpdateId, shredding: Sequence[MemberKeys] | None = None) -> None:
        """A revocation of an own contribution, until everybody has shredded, or those that are named."""
        private, members = self.consortium.private, self.consortium.members
        request = RevocationRequest(owner.organisation, (update_id,), "withdrawn", entities.Mode.DROP, False)
        call = private.revocations.request([update_id], "withdrawn", Mode.DROP, False, request.digest, SALT)
        self.by(owner, call)
        state = self.ledger.state
        request_id = next(iter(state.revocations))
        outcome = outcome_of(state, request_id, self.tasks)
        descendants = [UpdateId(item) for item in outcome.descendants]
        self.by(members[0], private.revocations.record_affected(request_id, descendants, SALT))
        self.by(members[0], private.revocations.record_replacement(request_id, outcome.after, SALT))
        for member in members:
            figures = Verification("loss", 3_500_000, 3_600_000, 64)
            self.by(member, private.revocations.record_verification(request_id, figures, SALT))
        self._certify(request_id)
        self.anchor()
        for member in members if shredding is None else shredding:
            self._shred(member, request_id)

    def anchor(self) -> None:
        """Everybody attests to the checkpoint that is due; the last member relays it."""
        private, public, ledger = self.consortium.private, self.consortium.public, self.ledger
        due = ledger.state.due[-1]
        block = self.consortium.private_chain.block(due.block)
        content = ledger.checkpoint_content(due, block.hash, self.tasks)
        current = public.consortium.current()
        previous = GENESIS_HEAD if len(self.chain) == 1 else head_of(self.chain[-1])
        checkpoint = content.checkpoint(
            previous_head=previous, consortium_digest=current.consortium_digest, epoch=current.epoch
        )
        message = checkpoint_digest(checkpoint, self.consortium.public_chain.chain_id, public.anchor.address)
        signatures = {}
        for member in self.consortium.members:
            signatures[member.delegate.address] = bytes(member.delegate.account.unsafe_sign_hash(message).signature)
            call = private.schedule.attest(due.sequence, head_of(checkpoint), signatures[member.delegate.address])
            self.by(member, call)
        ordered = [signatures[address] for address in sorted(signatures)]
        self.by(self.consortium.members[2], public.anchor.anchor(self.chain[-1], checkpoint, ordered))
        self.chain.append(checkpoint)

    def _opening(self, agreement: Agreement) -> Opening:
        spec = task(minimum_updates=2)
        self.tasks[spec.digest] = spec
        return Opening(
            manifest_digest=build_manifest(self.ledger.state, spec, self.tasks).digest,
            task_digest=spec.digest,
            task_cid=self.store.add(spec.to_bytes()),
            agreement_digest=agreement.digest,
            agreement_cid=self.store.add(agreement.to_bytes()),
            submit_blocks=spec.deadlines.submit,
            release_blocks=spec.deadlines.release,
            commit_blocks=spec.deadlines.commit,
            reveal_blocks=spec.deadlines.reveal,
            minimum_updates=2,
            epsilon_cap=0,
        )

    def _contribution(self, member: MemberKeys) -> Call:
        rounds, round_ = self.consortium.private.rounds, self.ledger.state.rounds[1]
        parent = round_.opening.manifest_digest
        delta = protected(
            member.organisation.encode() * 99, policy="none", samples=9, epsilon=0, parent_manifest=parent
        )
        context = Context(rounds.chain.chain_id, rounds.address, 1, member.organisation)
        sealed, _ = seal(delta, context, {name: prekey.key for name, prekey in round_.recipients.items()})
        update_id = update_id_of(rounds.chain.chain_id, rounds.address, 1, member.organisation, 1)
        self.objects[update_id] = (self.store.add(sealed.payload), self.store.add(sealed.header))
        submission = Submission(
            sealed.ciphertext_digest, sealed.header_digest, sealed.content_commitment, sha256(b"data"), parent, 9, 0
        )
        return rounds.submit_update(1, submission, SALT)

    def _pay(self) -> None:
        distributor, member = self.consortium.public.awards, self.consortium.members[0]
        state = self.ledger.state
        listed = awards_of(state, state.due[-1], self.tasks)
        tree = awards_tree(1, listed)
        self.by(member, distributor.publish([self.chain[-1]]))
        while self.consortium.public_chain.block_number() < distributor.vested_from(1):
            self.consortium.public_chain.request("evm_mine", [])
        for award in listed[:2]:
            leaf = AwardLeaf(1, award.index, award.update_id, award.account, award.amount)
            self.by(member, distributor.claim(leaf, tree.proof(award.index)))

    def _certify(self, request_id: RequestId) -> None:
        private = self.consortium.private
        consortium_id = private.deployment.consortium_id
        data = certificate_bytes(
            build_certificate(self.ledger.state, request_id, self.tasks, consortium_id=consortium_id)
        )
        ledger = private.revocations.address
        message = certificate_digest(request_id, sha256(data), private.deployment.chain_id, ledger)
        for member in self.consortium.members[:2]:
            signature = bytes(member.delegate.account.unsafe_sign_hash(message).signature)
            call = private.revocations.endorse(request_id, sha256(data), self.store.add(data), signature, SALT)
            self.by(member, call)

    def _shred(self, member: MemberKeys, request_id: RequestId) -> None:
        revocation = self.ledger.state.revocations[request_id]
        assert revocation.certificate is not None
        gone = tuple(sorted(cid for item in revocation.updates for cid in self.objects[item]))
        receipt = Receipt(revocation.certificate, request_id, member.organisation, revocation.updates, 1, 1, gone)
        for cid in gone:
            self.store.unpin(cid)
        self.store.collect()
        call = self.consortium.private.revocations.record_shredding(
            request_id, revocation.certificate, receipt.digest, self.store.add(receipt.to_bytes()), SALT
        )
        self.by(member, call)
