"""``CheckpointAnchor``: one slot that holds the head of all checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.types import Digest, OrganisationId

Checkpoint = Mapping[str, Any] | Any
"""A ``ledger.checkpoint.Checkpoint``, or a mapping with its snake_case names."""


class CheckpointAnchorProxy(Proxy):
    contract = "CheckpointAnchor"

    def head(self, *, block: int | None = None) -> Digest:
        return Digest(self._view("head", block=block))

    def digest_of(self, checkpoint: Checkpoint) -> Digest:
        """The EIP-712 digest that a member signs to attest a checkpoint."""
        return Digest(self._view("digestOf", checkpoint))

    def equivocated(self, sequence: int, organisation: OrganisationId) -> bool:
        return bool(self._view("equivocated", sequence, organisation))

    def anchor(self, previous: Checkpoint, following: Checkpoint, signatures: Sequence[bytes]) -> Call:
        """Anyone may relay. ``signatures``: 65 bytes each, ascending by signer's address."""
        return self._call("anchor", previous, following, signatures, role="anyone")

    def prove_equivocation(self, a: Checkpoint, b: Checkpoint, signature_a: bytes, signature_b: bytes) -> Call:
        return self._call("proveEquivocation", a, b, signature_a, signature_b, role="anyone")
