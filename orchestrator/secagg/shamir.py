"""Shamir's secret sharing over the integers modulo 2**256 − 189.

A. Shamir, "How to Share a Secret", CACM 22 (1979). A secret is the value at 0 of a random polynomial of degree
threshold − 1, a share its value at a holder's place. Fewer than threshold shares say nothing about it, and any
threshold of them give it back. Shares carry no proof: :mod:`orchestrator.secagg.bundles` commits to each.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

PRIME = 2**256 - 189
"""The largest prime below 2**256, so that a share has 32 bytes as the secrets have."""


def random_secret() -> bytes:
    """32 random bytes that are a number below :data:`PRIME`, as all but one in 2**248 are."""
    while True:
        found = secrets.token_bytes(32)
        if int.from_bytes(found, "big") < PRIME:
            return found


def split(secret: bytes, threshold: int, holders: int) -> list[bytes]:
    """Shares of a secret, 32 bytes each; that at place ``i`` is the value at ``i + 1``.

    Args:
        secret: of :func:`random_secret`. threshold: from 1 to ``holders``.

    Raises:
        ValueError: not such a secret, or no such threshold.
    """
    constant = int.from_bytes(secret, "big")
    if len(secret) != 32 or constant >= PRIME or not 1 <= threshold <= holders:
        raise ValueError(f"a secret of {len(secret)} bytes is not shared {threshold} of {holders}")
    polynomial = [constant, *(secrets.randbelow(PRIME) for _ in range(threshold - 1))]
    return [_value(polynomial, place).to_bytes(32, "big") for place in range(1, holders + 1)]


def join(shares: Mapping[int, bytes]) -> bytes:
    """The secret that shares make, by Lagrange's interpolation at 0.

    Args:
        shares: by the place that they were dealt for, from 1; exactly as many as the threshold. With fewer, and with
            wrong ones, another number comes out: whoever asks compares it with what was announced.
    """
    total = 0
    for place, share in shares.items():
        above, below = 1, 1
        for other in shares:
            if other != place:
                above = above * other % PRIME
                below = below * (other - place) % PRIME
        total += int.from_bytes(share, "big") * above * pow(below, -1, PRIME)
    return (total % PRIME).to_bytes(32, "big")


def _value(polynomial: list[int], at: int) -> int:
    """Horner's rule."""
    total = 0
    for factor in reversed(polynomial):
        total = (total * at + factor) % PRIME
    return total
