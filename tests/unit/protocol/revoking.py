"""What the RevocationLedger would do on simulated chains. It counts when it is acted upon, over the present members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unit.ledger.actors import CHAIN_ID, CONSORTIUM_ID, CONTRACTS, cid_of, private_key, sign, word_of
from unit.ledger.history import History

from orchestrator.commitment.certificate import build_certificate, certificate_digest, digest_of, outcome_of
from orchestrator.ledger.entities import Revocation
from orchestrator.ledger.revocations import supporting
from orchestrator.protocol import effects as fx
from orchestrator.protocol.rules_settling import agreed_certificate
from orchestrator.types import Digest, OrganisationId, RequestId


class Revoking:
    """Acts of members upon revocations.

    Attributes:
        deadlines: last block for the approval of a request, where there is one.
        counted: requests that have entered stage Verified.
    """

    history: History

    def __init__(self) -> None:
        self.deadlines: dict[RequestId, int] = {}
        self.counted: frozenset[RequestId] = frozenset()

    def _consequence(self, me: OrganisationId, effect: fx.RecordAffected | fx.RecordReplacement) -> None:
        assert self.history.state.open_round is None
        outcome = outcome_of(self.history.state, effect.request_id, self.history.tasks)
        named: dict[str, Any] = {"request_id": effect.request_id, "organisation": me}
        if isinstance(effect, fx.RecordAffected):
            self.history.tell("UpdatesAffected", me, **named, descendants=list(outcome.descendants))
        else:
            self.history.tell("ManifestReplaced", me, **named, manifest_digest=outcome.after)

    def _endorse(self, me: OrganisationId, request_id: RequestId) -> None:
        state = self.history.state
        document = build_certificate(state, request_id, self.history.tasks, consortium_id=CONSORTIUM_ID)
        found = digest_of(document)
        message = certificate_digest(request_id, found, CHAIN_ID, CONTRACTS["RevocationLedger"])
        self.history.tell(
            "CertificateEndorsed",
            me,
            request_id=request_id,
            organisation=me,
            certificate_digest=found,
            certificate_cid=cid_of(found),
            signature="0x" + sign(private_key("delegate", me), message).hex(),
        )
        self.certify_if_agreed(me, request_id, found)

    def certify_if_agreed(self, me: OrganisationId, request_id: RequestId, found: Digest) -> None:
        """In the transaction of the last endorsement that was missing."""
        state = self.history.state
        revocation = state.revocations[request_id]
        if revocation.certificate is None and agreed_certificate(state, revocation) == found:
            certified = {"request_id": request_id, "certificate_digest": found}
            self.history.tell("RevocationCertified", me, same_transaction=True, **certified)

    def count_again(self, me: OrganisationId, request_id: RequestId, found: Digest) -> None:
        """As the contract does it when it is told to settle: with whom there is now."""
        state = self.history.state
        revocation, present = state.revocations[request_id], set(state.members.seats)
        named: dict[str, Any] = {"request_id": request_id}
        self.history.mine()
        if revocation.approved is None:
            assert request_id not in self.deadlines or self.history.block <= self.deadlines[request_id]
            supporters = len(supporting(state, revocation))
            assert supporters >= state.members.quorum
            self.history.tell("RevocationApproved", me, same_transaction=True, **named, supporters=supporters)
        elif revocation.certificate is not None:
            assert not revocation.shredded and present <= set(revocation.receipts)
            self.history.tell("RevocationShredded", me, same_transaction=True, **named)
        elif revocation.endorsements:
            self.certify_if_agreed(me, request_id, found)
            assert self.history.state.revocations[request_id].certificate is not None, "nothing to settle"
        else:
            assert present <= set(revocation.verifications) and request_id not in self.counted, "nothing to settle"
            self.counted |= {request_id}

    def _shred(self, me: OrganisationId, request_id: RequestId) -> None:
        named: dict[str, Any] = {"request_id": request_id, "organisation": me}
        digest = word_of("receipt", request_id, me)
        self.history.tell("ShredReceiptRecorded", me, **named, receipt_digest=digest, receipt_cid=cid_of(digest))
        if set(self.history.state.revocations[request_id].receipts) == set(self.history.state.members.seats):
            self.history.tell("RevocationShredded", me, same_transaction=True, request_id=request_id)

    def record_figures(self, me: OrganisationId, request_id: RequestId, row: Mapping[str, Any]) -> None:
        self.history.tell("VerificationRecorded", me, request_id=request_id, organisation=me, **row)
        if set(self.history.state.members.seats) <= set(self.history.state.revocations[request_id].verifications):
            self.counted |= {request_id}

    def _verified(self, revocation: Revocation) -> bool:
        if revocation.replacement is None or revocation.certificate is not None:
            return False
        return revocation.id in self.counted or bool(revocation.endorsements)

    def _stale(self, me: OrganisationId) -> Iterator[RequestId]:
        """Requests whose certificate the member has endorsed otherwise than the records give it."""
        for revocation in self.history.state.revocations.values():
            mine = revocation.endorsements.get(me)
            if mine is not None and revocation.certificate is None:
                document = build_certificate(
                    self.history.state, revocation.id, self.history.tasks, consortium_id=CONSORTIUM_ID
                )
                if digest_of(document) != mine.certificate_digest:
                    yield revocation.id

    def _wrong(self, revocation: Revocation, what: str) -> bool:
        if getattr(revocation, what) is None or revocation.verified is not None:
            return False
        outcome = outcome_of(self.history.state, revocation.id, self.history.tasks)
        expected = tuple(outcome.descendants) if what == "affected" else outcome.after
        return bool(getattr(revocation, what) != expected)
