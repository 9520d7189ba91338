"""``RevocationLedger``: from a request to receipts of shredding."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.chain.structs import Mode, RevocationView, Stage, Verification
from orchestrator.types import Cid, Digest, RequestId, UpdateId


class RevocationLedgerProxy(Proxy):
    contract = "RevocationLedger"

    def stage_of(self, request_id: RequestId, *, block: int | None = None) -> Stage:
        return Stage(self._view("stageOf", request_id, block=block))

    def revocation(self, request_id: RequestId, *, block: int | None = None) -> RevocationView:
        answer = self._view("revocation", request_id, block=block)
        typed = {"mode": Mode(answer["mode"]), "stage": Stage(answer["stage"]), "updates": tuple(answer["updates"])}
        return RevocationView(**{**answer, **typed})

    def awaiting_replacement(self, *, block: int | None = None) -> int:
        """How many approved requests have no new manifest yet; no round opens meanwhile."""
        return int(self._view("awaitingReplacement", block=block))

    def step_blocks(self) -> int:
        """Blocks that each step of a revocation may take; a request that lacks support for longer lapses."""
        return int(self._view("stepBlocks"))

    def request_of(self, update_id: UpdateId) -> RequestId:
        """The approved request that the update is in; zero where it is in none."""
        return RequestId(self._view("requestOf", update_id))

    def deadline_of(self, request_id: RequestId) -> int:
        return int(self._view("deadlineOf", request_id))

    def certificate_digest_of(self, request_id: RequestId, certificate_digest: Digest) -> Digest:
        """The EIP-712 digest that a member signs to endorse a certificate."""
        return Digest(self._view("certificateDigestOf", request_id, certificate_digest))

    def request(
        self,
        updates: Sequence[UpdateId],
        reason: str,
        mode: Mode,
        urgent: bool,
        request_digest: Digest,
        leaf_salt: Digest,
    ) -> Call:
        return self._call("request", updates, reason, mode, urgent, request_digest, leaf_salt)

    def support(self, request_id: RequestId, leaf_salt: Digest) -> Call:
        return self._call("support", request_id, leaf_salt)

    def settle(self, request_id: RequestId, certificate_digest: Digest, leaf_salt: Digest) -> Call:
        """Counts again over the present members. ``certificate_digest``: zero but where endorsements are counted."""
        return self._call("settle", request_id, certificate_digest, leaf_salt)

    def record_affected(self, request_id: RequestId, descendants: Sequence[UpdateId], leaf_salt: Digest) -> Call:
        return self._call("recordAffected", request_id, descendants, leaf_salt)

    def record_replacement(self, request_id: RequestId, manifest_digest: Digest, leaf_salt: Digest) -> Call:
        return self._call("recordReplacement", request_id, manifest_digest, leaf_salt)

    def record_verification(self, request_id: RequestId, verification: Verification, leaf_salt: Digest) -> Call:
        return self._call("recordVerification", request_id, verification, leaf_salt)

    def endorse(
        self,
        request_id: RequestId,
        certificate_digest: Digest,
        certificate_cid: Cid,
        signature: bytes,
        leaf_salt: Digest,
    ) -> Call:
        return self._call("endorse", request_id, certificate_digest, certificate_cid, signature, leaf_salt)

    def record_shredding(
        self,
        request_id: RequestId,
        certificate_digest: Digest,
        receipt_digest: Digest,
        receipt_cid: Cid,
        leaf_salt: Digest,
    ) -> Call:
        return self._call("recordShredding", request_id, certificate_digest, receipt_digest, receipt_cid, leaf_salt)
