"""Sealed updates of known members."""

from __future__ import annotations

import dataclasses
import json
from functools import cache

from orchestrator.envelope import ContentSecret, Context, generate_prekey, seal
from orchestrator.ledger.canonical import canonical_bytes, sha256
from orchestrator.types import ZERO_DIGEST, Address, OrganisationId, ProtectedDelta, SealedUpdate, protected

AURORA, BOREALIS, MALLORY = (OrganisationId(name) for name in ("aurora", "borealis", "mallory"))
CONTEXT = Context(1337, Address("0x" + "ab" * 20), 1, AURORA)
CHUNK = 64


def delta_of(payload: bytes) -> ProtectedDelta:
    return protected(payload, policy="none", samples=7, epsilon=0, parent_manifest=ZERO_DIGEST)


@cache
def prekeys() -> dict[OrganisationId, tuple[bytes, bytes]]:
    return {name: generate_prekey() for name in (AURORA, BOREALIS, MALLORY)}


def recipients() -> dict[OrganisationId, bytes]:
    return {name: prekeys()[name][1] for name in (AURORA, BOREALIS)}


@cache
def sample(size: int = 5 * CHUNK + 11) -> tuple[bytes, SealedUpdate, ContentSecret]:
    delta = bytes(i * 7 % 251 for i in range(size))
    return delta, *seal(delta_of(delta), CONTEXT, recipients(), chunk_size=CHUNK)


def recommit(sealed: SealedUpdate, **changes: object) -> SealedUpdate:
    """The same update after a forger recomputed every digest that he can."""
    changed = dataclasses.replace(sealed, **changes)  # type: ignore[arg-type]
    header = json.loads(changed.header)
    header |= {"ciphertext_digest": sha256(changed.payload), "ciphertext_size": len(changed.payload)}
    data = canonical_bytes(header)
    return dataclasses.replace(
        changed, header=data, header_digest=sha256(data), ciphertext_digest=sha256(changed.payload)
    )
