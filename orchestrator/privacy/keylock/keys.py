"""What follows from a member's lock key: secret numbers, and the fingerprint that is recorded. Imports no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orchestrator.ledger.canonical import digest
from orchestrator.lock_key import LockKey
from orchestrator.types import Digest

_STEPS = 1 << 24
"""Numbers are multiples of its inverse: exact in float32."""


def uniform(key: LockKey, purpose: str, count: int) -> NDArray[np.float32]:
    """Numbers [count] uniform in [0, 1), which only the key's holder can tell, the same on every machine."""
    stream = key.derived(f"uniform/{purpose}", 4 * count)
    return ((np.frombuffer(stream, dtype="<u4") >> 8) / np.float64(_STEPS)).astype(np.float32)


def fingerprint(key: LockKey, strength: int, shift: int) -> Digest:
    """Of a member's key policy: the scheme, deviations of γ and β (millionths), and the key's commitment.

    It is in the data statement of every update that was trained under the lock, and the statement's digest is on the
    private chain; so a member cannot say later that it used another key.
    """
    return digest(
        {
            "format": "loranchor/key-lock",
            "version": 1,
            "scheme": "adapter-input",
            "strength_millionths": strength,
            "shift_millionths": shift,
            "commitment": key.commitment,
        }
    )
