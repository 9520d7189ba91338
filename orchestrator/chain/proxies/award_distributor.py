"""``AwardDistributor``: award roots, their objection window, and claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.chain.structs import AwardLeaf, Publication
from orchestrator.types import Address, Digest


class AwardDistributorProxy(Proxy):
    contract = "AwardDistributor"

    def token(self) -> Address:
        return Address(self._view("token"))

    def publication(self, sequence: int, *, block: int | None = None) -> Publication:
        return Publication(**self._view("publication", sequence, block=block))

    def vested_from(self, sequence: int, *, block: int | None = None) -> int:
        """First block in which an award of that checkpoint can be claimed."""
        return int(self._view("vestedFrom", sequence, block=block))

    def is_spent(self, sequence: int, index: int) -> bool:
        """Whether an award was claimed or voided."""
        return bool(self._view("isSpent", sequence, index))

    def payout_cap(self, *, block: int | None = None) -> int:
        return int(self._view("payoutCap", block=block))

    def payout_cap_nonce(self) -> int:
        """How often the cap was changed; the next decision names it."""
        return int(self._view("payoutCapNonce"))

    def publish(self, chain: Sequence[Mapping[str, Any] | Any]) -> Call:
        """``chain``: the checkpoint with the awards and every later one up to the head."""
        return self._call("publish", chain, role="anyone")

    def raise_objection(self, sequence: int, reason: str) -> Call:
        return self._call("raiseObjection", sequence, reason)

    def replace_root(self, sequence: int, root: Digest, signatures: Sequence[bytes]) -> Call:
        return self._call("replaceRoot", sequence, root, signatures, role="anyone")

    def void_awards(self, sequence: int, indices: Sequence[int], signatures: Sequence[bytes]) -> Call:
        return self._call("voidAwards", sequence, indices, signatures, role="anyone")

    def set_payout_cap(self, cap: int, signatures: Sequence[bytes]) -> Call:
        return self._call("setPayoutCap", cap, signatures, role="anyone")

    def claim(self, award: AwardLeaf, proof: Sequence[Digest]) -> Call:
        return self._call("claim", award, proof, role="anyone")

    def claim_batch(self, awards: Sequence[AwardLeaf], proofs: Sequence[Sequence[Digest]]) -> Call:
        return self._call("claimBatch", awards, proofs, role="anyone")
