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
    MODES,
    cid_of,
    private_key,
    sign,
    task,
    word_of,
)
from unit.ledger.chronicle import Chronicle

from orchestrator.commitment.certificate import build_certificate, certificate_digest, digest_of, outcome_of
from orchestrator.commitment.receipt import build_receipt
from orchestrator.ledger.canonical import digest
from orchestrator.ledger.contributions import accepted_updates
from orchestrator.ledger.ids import artefact_id_of, request_id_of, update_id_of
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import MILLION, ArtefactId, Digest, OrganisationId, RequestId, UpdateId


class History(Chronicle):
    """Rounds and revocations of the members of a :class:`Chronicle`."""

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
            unused = [item for item in self.state.prekeys.get(name, {}).values() if item.unused]
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

    def abandon(self, organisation: OrganisationId, *, supporters: int | None = None) -> None:
        """Supports failing the open round."""
        number = self._open()
        count = len(self.state.rounds[number].abandoners) + 1 if supporters is None else supporters
        fields = {"round_id": number, "organisation": organisation, "supporters": count}
        self.tell("RoundAbandonSupported", organisation, **fields)

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

    def propose(self, organisation: OrganisationId, kind: str = "compaction") -> ArtefactId:
        """Proposes an object, which counts as an endorsement."""
        number = len(self.state.artefacts) + 1
        artefact_id = artefact_id_of(CHAIN_ID, CONTRACTS["ArtefactRegistry"], number)
        named = {"kind": kind, "subject": word_of("subject"), "digest": word_of("object")}
        told = {"artefact_id": artefact_id, "organisation": organisation, **named, "cid": cid_of("object")}
        self.tell("ArtefactProposed", organisation, **told)
        endorsed = {"artefact_id": artefact_id, "organisation": organisation, "deviation": 0}
        self.tell("ArtefactEndorsed", organisation, same_transaction=True, **endorsed)
        return artefact_id

    def endorse_artefact(self, artefact_id: ArtefactId, organisation: OrganisationId, *, agrees: bool = False) -> None:
        endorsed = {"artefact_id": artefact_id, "organisation": organisation, "deviation": 7}
        self.tell("ArtefactEndorsed", organisation, **endorsed)
        if agrees:
            self.agree(artefact_id, organisation)

    def agree(self, artefact_id: ArtefactId, by: OrganisationId, **changes: Any) -> None:
        artefact = self.state.artefacts[artefact_id]
        told = {"kind": artefact.kind, "subject": artefact.subject, "digest": artefact.digest, **changes}
        self.tell("ArtefactAgreed", by, artefact_id=artefact_id, **told)

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

    def support(
        self, request_id: RequestId, organisation: OrganisationId, *, approves: bool = False, supporters: int = 2
    ) -> None:
        self.tell("RevocationSupported", organisation, request_id=request_id, organisation=organisation)
        if approves:
            approved = {"request_id": request_id, "supporters": supporters}
            self.tell("RevocationApproved", organisation, same_transaction=True, **approved)

    def replace(self, request_id: RequestId, by: OrganisationId | None = None) -> None:
        """Records what is affected and the new manifest, by the first member if nobody is named."""
        outcome = outcome_of(self.state, request_id, self.tasks)
        name = by or next(iter(self.state.members.seats))
        named = {"request_id": request_id, "organisation": name}
        self.tell("UpdatesAffected", name, **named, descendants=list(outcome.descendants))
        self.tell("ManifestReplaced", name, **named, manifest_digest=outcome.after)

    def verify(self, request_id: RequestId, organisations: Iterable[OrganisationId] | None = None) -> None:
        """Records the members' figures; what is affected and the replacement first, where nobody has yet."""
        if self.state.revocations[request_id].replacement is None:
            self.replace(request_id)
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
        members = self.state.members
        names = list(members.seats)[: members.quorum]
        found = self.endorse(request_id, names)
        certified = {"request_id": request_id, "certificate_digest": found}
        self.tell("RevocationCertified", names[-1], same_transaction=True, **certified)
        return found

    def endorse(self, request_id: RequestId, organisations: Iterable[OrganisationId]) -> Digest:
        """Each signs the certificate that the records make."""
        certificate = build_certificate(self.state, request_id, self.tasks, consortium_id=CONSORTIUM_ID)
        found = digest_of(certificate)
        message = certificate_digest(request_id, found, CHAIN_ID, CONTRACTS["RevocationLedger"])
        for name in organisations:
            self.tell(
                "CertificateEndorsed",
                name,
                request_id=request_id,
                organisation=name,
                certificate_digest=found,
                certificate_cid=cid_of(found),
                signature="0x" + sign(private_key("delegate", name), message).hex(),
            )
        return found

    def shred(self, request_id: RequestId, organisations: Sequence[OrganisationId] = ()) -> None:
        """Records every member's receipt, or only those of the members named."""
        revocation = self.state.revocations[request_id]
        assert revocation.certificate is not None
        for name in organisations or self.state.members.seats:
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
        if not organisations:
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


def life() -> History:
    """Two rounds of three members, then everything of ``cumulus`` revoked, certified and shredded."""
    history = History()
    scores = {AURORA: 30_000, BOREALIS: 20_000, CUMULUS: 10_000}
    first = history.round(scores=scores)
    second = history.round(scores=scores)
    history.revoke(CUMULUS, [first[CUMULUS], second[CUMULUS]])
    return history
