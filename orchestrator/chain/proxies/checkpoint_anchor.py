"""``CheckpointAnchor``: one slot that holds the head of all checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.types import Digest

Checkpoint = Mapping[str, Any] | Any
"""A ``ledger.checkpoint.Checkpoint``, or a mapping with its snake_case names."""


class CheckpointAnchorProxy(Proxy):
    contract = "CheckpointAnchor"

    def head(self, *, block: int | None = None) -> Digest:
        return Digest(self._view("head", block=block))

    def anchor(self, previous: Checkpoint, following: Checkpoint, signatures: Sequence[bytes]) -> Call:
        """Anyone may relay. ``signatures``: 65 bytes each, ascending by signer's address."""
        return self._call("anchor", previous, following, signatures, role="anyone")

    def prove_equivocation(self, a: Checkpoint, b: Checkpoint, signature_a: bytes, signature_b: bytes) -> Call:
        return self._call("proveEquivocation", a, b, signature_a, signature_b, role="anyone")
