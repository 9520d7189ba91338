"""``AwardDistributor``: award roots, their objection window, and claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.chain.structs import AwardLeaf
from orchestrator.types import Address, Digest


class AwardDistributorProxy(Proxy):
    contract = "AwardDistributor"

    def token(self) -> Address:
        return Address(self._view("token"))

    def publish(self, chain: Sequence[Mapping[str, Any] | Any]) -> Call:
        """``chain``: the checkpoint with the awards and every later one up to the head."""
        return self._call("publish", chain, role="anyone")

    def raise_objection(self, sequence: int, reason: Digest) -> Call:
        return self._call("raiseObjection", sequence, reason)

    def replace_root(self, sequence: int, root: Digest, signatures: Sequence[bytes]) -> Call:
        return self._call("replaceRoot", sequence, root, signatures, role="anyone")

    def void_awards(self, sequence: int, indices: Sequence[int], signatures: Sequence[bytes]) -> Call:
        return self._call("voidAwards", sequence, indices, signatures, role="anyone")

    def claim(self, award: AwardLeaf, proof: Sequence[Digest]) -> Call:
        return self._call("claim", award, proof, role="anyone")

    def claim_batch(self, awards: Sequence[AwardLeaf], proofs: Sequence[Sequence[Digest]]) -> Call:
        return self._call("claimBatch", awards, proofs, role="anyone")
