"""What the contracts would do with the members' calls, on simulated chains: check what can be checked, then record."""

from __future__ import annotations

from typing import Any

from unit.ledger.actors import CHAIN_ID, CONTRACTS, MODES
from unit.protocol.simulation import WINDOW, Simulation

from orchestrator.chain.abi import artifact
from orchestrator.chain.codec import decode_values
from orchestrator.chain.proxy import Call
from orchestrator.chain.structs import Verdict
from orchestrator.commitment.checkpoints import checkpoint_digest, head_of
from orchestrator.commitment.signatures import recover
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.envelope import prekey_digest
from orchestrator.errors import TransactionReverted
from orchestrator.ledger.awards import LEAF_TYPES
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.ids import artefact_id_of, update_id_of
from orchestrator.ledger.schema import snake_case
from orchestrator.ledger.standard_tree import standard_leaf, verify_standard_proof
from orchestrator.protocol import events as ev
from orchestrator.types import Address, ArtefactId, Digest, OrganisationId, RequestId, UpdateId

PUBLIC_ID = 31337
ANCHOR = Address("0x" + "a2" * 20)


class SimulatedContracts:
    """One method for each function that a daemon calls, named as in the ABI but in snake_case."""

    def __init__(self, life: Simulation) -> None:
        self._life = life

    def receive(self, me: OrganisationId, call: Call) -> None:
        """Decode a call of the member's delegate and carry it out."""
        contract, function = call.name.split(".")
        entry = artifact(contract).functions[function]
        values = decode_values(entry["inputs"], call.data[4:], call.name)
        getattr(self, snake_case(function))(me, *values)

    def publish_prekeys(self, me: OrganisationId, keys: list[bytes], salt: str) -> None:
        start = len(self._life.history.state.prekeys.get(me, {}))
        for index, key in enumerate(keys, start):
            fields: dict[str, Any] = {
                "organisation": me,
                "index": index,
                "digest": prekey_digest(key),
                "key": "0x" + key.hex(),
            }
            self._life.history.tell("PrekeyPublished", me, same_transaction=index > start, **fields)

    def discard_prekeys(self, me: OrganisationId, salt: str) -> None:
        self._life.history.discard_prekeys(me)

    def open_round(self, me: OrganisationId, opening: dict[str, Any], salt: str) -> None:
        number = self._life.open_round(me)
        opened = self._life.history.state.rounds[number].opening
        assert opening["manifest_digest"] == opened.manifest_digest and opening["task_digest"] == opened.task_digest

    def request(
        self, me: OrganisationId, updates: list[str], reason: str, mode: int, urgent: bool, digest: str, salt: str
    ) -> None:
        chosen = [UpdateId(item) for item in updates]
        self._life.history.request(me, chosen, mode=MODES[mode], reason=reason, urgent=urgent)

    def submit_update(self, me: OrganisationId, number: int, submission: dict[str, Any], salt: str) -> None:
        found = self._life.history.state.rounds[number]
        assert submission["parent_manifest"] == found.opening.manifest_digest
        ordinal = 1 + sum(self._life.history.state.updates[item].organisation == me for item in found.submissions)
        update_id = update_id_of(CHAIN_ID, CONTRACTS["RoundLedger"], number, me, ordinal)
        named: dict[str, Any] = {"round_id": number, "update_id": update_id, "organisation": me}
        self._life.history.tell("UpdateSubmitted", me, **named, submission=submission)

    def pass_round(self, me: OrganisationId, number: int, salt: str) -> None:
        self._life.history.tell("RoundPassed", me, round_id=number, organisation=me)

    def release_update(self, me: OrganisationId, update_id: str, payload: str, header: str, salt: str) -> None:
        update = self._life.history.state.updates[UpdateId(update_id)]
        assert update.organisation == me
        named: dict[str, Any] = {"round_id": update.round, "update_id": update_id, "organisation": me}
        self._life.history.tell("UpdateReleased", me, **named, payload_cid=payload, header_cid=header)

    def commit_verdicts(self, me: OrganisationId, number: int, commitment: str, salt: str) -> None:
        named: dict[str, Any] = {"round_id": number, "organisation": me}
        self._life.history.tell("VerdictsCommitted", me, **named, commitment=commitment)

    def reveal_verdicts(
        self, me: OrganisationId, number: int, verdicts: list[dict[str, Any]], nonce: str, salt: str
    ) -> None:
        if not verdicts:
            raise TransactionReverted("there are no verdicts", error="RoundLedgerNoVerdicts")
        committed = self._life.history.state.rounds[number].commitments[me]
        if verdict_commitment(number, me, [Verdict(**item) for item in verdicts], Digest(nonce)) != committed:
            raise TransactionReverted("the verdicts are not those committed to", error="RoundLedgerWrongReveal")
        self._life.history.mine()
        for item in verdicts:
            self._life.history.tell(
                "VerdictRevealed", me, same_transaction=True, round_id=number, organisation=me, **item
            )

    def close_round(self, me: OrganisationId, number: int, salt: str) -> None:
        self._life.close_round(me)

    def attest(self, me: OrganisationId, sequence: int, head: str, signature: bytes) -> None:
        self._life.gather()
        self._life.private.append(ev.AttestationSeen(sequence, me, Digest(head), signature))

    def anchor(self, me: OrganisationId, previous: Any, following: Any, signatures: list[bytes]) -> None:
        before, checkpoint = Checkpoint(**previous), Checkpoint(**following)
        sequence, members = checkpoint.sequence, self._life.history.state.members
        expected = self._life.heads.get(sequence - 1)
        if sequence != len(self._life.heads) or {head_of(before), checkpoint.previous_head} != {expected}:
            raise TransactionReverted("the anchor has another head", error="CheckpointAnchorStale")
        message = checkpoint_digest(checkpoint, PUBLIC_ID, ANCHOR)
        signers = [recover(message, signature) for signature in signatures]
        delegates = {seat.delegate for seat in members.seats.values()}
        if signers != sorted(set(signers)) or not set(signers) <= delegates or len(signers) < members.quorum:
            raise TransactionReverted("not a quorum of delegates signed", error="CheckpointAnchorBadSignatures")
        self._life.heads[sequence] = head_of(checkpoint)
        self._life.public.append(ev.CheckpointAnchoredSeen(checkpoint, self._life.heads[sequence]))

    def publish(self, me: OrganisationId, chain: list[dict[str, Any]]) -> None:
        heads = [head_of(Checkpoint(**item)) for item in chain]
        if heads[-1] != self._life.heads[max(self._life.heads)]:
            raise TransactionReverted("the chain does not lead to the head", error="AwardDistributorWrongChain")
        self._life.public.append((chain[0]["sequence"], self._life.public_block + WINDOW))

    def claim(self, me: OrganisationId, award: dict[str, Any], proof: list[Digest]) -> None:
        anchored = next(
            item.checkpoint
            for item in self._life.public
            if isinstance(item, ev.CheckpointAnchoredSeen) and item.checkpoint.sequence == award["sequence"]
        )
        values = [int(award["sequence"]), int(award["index"]), bytes.fromhex(award["update_id"][2:])]
        leaf = standard_leaf(LEAF_TYPES, [*values, award["account"], int(award["amount"])])
        if not verify_standard_proof(leaf, proof, anchored.awards_root):
            raise TransactionReverted("the award is not in the root", error="AwardDistributorBadProof")
        self._life.public.append(ev.AwardClaimedSeen(award["sequence"], int(award["index"])))

    def record_affected(self, me: OrganisationId, request: str, descendants: list[str], salt: str) -> None:
        self._life.history.tell("UpdatesAffected", me, request_id=request, organisation=me, descendants=descendants)

    def record_replacement(self, me: OrganisationId, request: str, manifest: str, salt: str) -> None:
        self._life.history.tell("ManifestReplaced", me, request_id=request, organisation=me, manifest_digest=manifest)

    def record_verification(self, me: OrganisationId, request: str, row: dict[str, Any], salt: str) -> None:
        self._life.record_figures(me, RequestId(request), row)

    def propose(self, me: OrganisationId, kind: str, subject: str, digest: str, cid: str, salt: str) -> None:
        number = len(self._life.history.state.artefacts) + 1
        item = artefact_id_of(CHAIN_ID, CONTRACTS["ArtefactRegistry"], number)
        named: dict[str, Any] = {"kind": kind, "subject": subject, "digest": digest, "cid": cid}
        self._life.history.tell("ArtefactProposed", me, artefact_id=item, organisation=me, **named)
        self._stand_behind(me, item, 0, same_transaction=True)

    def dispute(self, me: OrganisationId, artefact_id: Any, reason: str, salt: str) -> None:
        self._life.history.tell("ArtefactDisputed", me, artefact_id=artefact_id, organisation=me, reason=reason)

    def _stand_behind(self, me: OrganisationId, item: ArtefactId, deviation: int, **how: Any) -> None:
        history = self._life.history
        history.tell("ArtefactEndorsed", me, artefact_id=item, organisation=me, deviation=deviation, **how)
        found = history.state.artefacts[item]
        if found.agreed is None and len(found.endorsements) >= history.state.members.quorum:
            told = {"kind": found.kind, "subject": found.subject, "digest": found.digest}
            history.tell("ArtefactAgreed", me, same_transaction=True, artefact_id=item, **told)

    def endorse(self, me: OrganisationId, request: Any, *values: Any) -> None:
        """Of two contracts, the functions have the same name."""
        if request in self._life.history.state.artefacts:
            self._stand_behind(me, request, values[0])
        else:
            self._endorse_certificate(me, request, *values)

    def _endorse_certificate(
        self, me: OrganisationId, request: Any, digest: str, cid: str, signature: bytes, salt: str
    ) -> None:
        named: dict[str, Any] = {
            "request_id": request,
            "organisation": me,
            "certificate_digest": digest,
            "certificate_cid": cid,
        }
        self._life.history.tell("CertificateEndorsed", me, **named, signature="0x" + signature.hex())
        self._life.certify_if_agreed(me, request, Digest(digest))

    def settle(self, me: OrganisationId, request: Any, digest: str, salt: str) -> None:
        self._life.count_again(me, request, Digest(digest))

    def record_shredding(
        self, me: OrganisationId, request: Any, certificate: str, receipt: str, cid: str, salt: str
    ) -> None:
        assert self._life.history.state.revocations[request].certificate == certificate
        named: dict[str, Any] = {
            "request_id": request,
            "organisation": me,
            "receipt_digest": receipt,
            "receipt_cid": cid,
        }
        self._life.history.tell("ShredReceiptRecorded", me, **named)
        if set(self._life.history.state.members.seats) <= set(self._life.history.state.revocations[request].receipts):
            self._life.history.tell("RevocationShredded", me, same_transaction=True, request_id=request)
