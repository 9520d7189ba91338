"""Words that every package shares: typed ids and the stages an update goes through.

``AdapterDelta → ProtectedDelta → SealedUpdate → StoredUpdate → RecordedUpdate``. Each stage takes only the type of the
one before, so that an unprotected delta cannot be sealed and an unsealed one cannot be stored. ``AdapterDelta`` holds
tensors and lives in :mod:`orchestrator.contribution`; nothing here imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NewType

OrganisationId = NewType("OrganisationId", str)
"""Short name, ``[a-z][a-z0-9-]{0,30}``; on chain it is those ASCII bytes, left-aligned in 32."""

Digest = NewType("Digest", str)
"""32 bytes as ``0x`` and 64 lower-case hexadecimal digits."""

UpdateId = NewType("UpdateId", str)
"""Same form as :data:`Digest`."""

RequestId = NewType("RequestId", str)
"""Same form as :data:`Digest`."""

ArtefactId = NewType("ArtefactId", str)
"""Same form as :data:`Digest`."""

Address = NewType("Address", str)
"""20 bytes as ``0x`` and 40 lower-case hexadecimal digits."""

Cid = NewType("Cid", str)
"""CIDv0 of an IPFS object (``Qm…``)."""

ZERO_DIGEST = Digest("0x" + "00" * 32)
MILLION = 1_000_000
"""Scores, losses, accuracies and ε are integers in millionths wherever they are hashed, signed or recorded."""

_PROTECTION = object()


@dataclass(frozen=True, slots=True)
class ProtectedDelta:
    """A serialised delta that has met its organisation's privacy policy. Only :mod:`orchestrator.privacy` makes one.

    Attributes:
        payload: safetensors bytes (format ``loranchor/delta`` 1, see docs/formats).
        policy: name of the privacy policy it met.
        samples: training samples seen.
        epsilon: cumulative ε spent on this task, in millionths; 0 where the policy gives no DP guarantee.
        parent_manifest: digest of the manifest it was trained from.
    """

    payload: bytes
    policy: str
    samples: int
    epsilon: int
    parent_manifest: Digest
    _token: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._token is not _PROTECTION:
            raise TypeError("a ProtectedDelta is made by orchestrator.privacy, never by hand")


def protected(payload: bytes, *, policy: str, samples: int, epsilon: int, parent_manifest: Digest) -> ProtectedDelta:
    """The one way to make a :class:`ProtectedDelta`; called by :mod:`orchestrator.privacy` alone."""
    return ProtectedDelta(payload, policy, samples, epsilon, parent_manifest, _PROTECTION)


@dataclass(frozen=True, slots=True)
class SealedUpdate:
    """A delta that only the round's recipients can open.

    Attributes:
        payload: ciphertext bytes. header: canonical JSON bytes with the wrapped keys.
        ciphertext_digest, header_digest: SHA-256 of those bytes.
        content_commitment: SHA-256(content salt ‖ SHA-256 of the plaintext delta).
    """

    payload: bytes
    header: bytes
    ciphertext_digest: Digest
    header_digest: Digest
    content_commitment: Digest
    samples: int
    epsilon: int
    parent_manifest: Digest


@dataclass(frozen=True, slots=True)
class StoredUpdate:
    """A sealed update whose two objects are pinned on the organisation's own IPFS node."""

    payload_cid: Cid
    header_cid: Cid
    ciphertext_digest: Digest
    header_digest: Digest
    content_commitment: Digest
    samples: int
    epsilon: int
    parent_manifest: Digest


@dataclass(frozen=True, slots=True)
class RecordedUpdate:
    """A stored update that the private chain knows."""

    update_id: UpdateId
    round: int
    organisation: OrganisationId
    stored: StoredUpdate
