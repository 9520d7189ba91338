"""Masks: streams of words that hide an update, and cancel in the sum.

K. Bonawitz and others, "Practical Secure Aggregation for Privacy-Preserving Machine Learning", CCS 2017. In the ring of
integers modulo 2**ring_bits a member sends

    weight · update + mask(own seed) + Σ mask(pair) over members after it − Σ mask(pair) over members before it

where before and after is the order of names. A mask is the key stream of AES-256 in counter mode from zero, read as
little-endian words: each key makes one stream only, so nothing else has to be different.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from numpy.typing import NDArray

from orchestrator.secagg.keys import Announcement, Secrets, pair_key, self_key
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.terms import Terms
from orchestrator.types import OrganisationId

Words = NDArray[Any]
"""Elements of the ring: ``<u4`` or ``<u8``, in one dimension. Sums wrap around, as they should."""

Units = NDArray[np.int64]
"""Integers on the task's grid, in one dimension."""

PIECE = 1 << 18
"""Words of a stream that are in memory at once."""


def ring_type(terms: Terms) -> np.dtype[Any]:
    """Of the ring's elements, as they are stored."""
    return np.dtype(f"<u{terms.ring_bits // 8}")


def add_stream(total: Words, key: bytes, sign: int) -> None:
    """``total += sign · stream``, in the ring.

    Args:
        key: 32 bytes. sign: 1 or −1.
    """
    for start, piece in _stream(key, total.size, total.dtype):
        part = total[start : start + piece.size]
        (np.add if sign > 0 else np.subtract)(part, piece, out=part)


def mask(
    terms: Terms,
    me: OrganisationId,
    own: Secrets,
    dealers: Mapping[OrganisationId, Announcement],
    units: Units,
    weight: int = 1,
) -> Words:
    """A member's update as it may leave: weighted, and behind all of its masks.

    Args:
        dealers: what each member announced that has dealt shares, this one among them.
        units: on the task's grid, ``terms.words`` of them, none above ``terms.clip`` either way.

    Raises:
        SecaggRefused: OVERFLOW for a number or weight beyond the terms, so that nothing of it is sealed; WRONG_DEALERS
            where this member has not dealt; TOO_FEW.
    """
    check_units(terms, units, weight)
    if me not in dealers:
        raise SecaggRefused(Reason.WRONG_DEALERS, f"{me} has dealt no shares, so nobody could take its masks away")
    check_enough(terms, len(dealers), "have dealt shares")
    hidden = (units * weight).astype(ring_type(terms))  # of negative ones the two's complement: the ring's −x
    add_stream(hidden, self_key(terms, me, own.seed), 1)
    for name in sorted(dealers):
        if name != me:
            add_stream(hidden, pair_key(terms, me, own.mask_key, dealers[name]), sign(me, name))
    return hidden


def sign(member: OrganisationId, other: OrganisationId) -> int:
    """With which sign a member has the mask of the two in its update."""
    return 1 if member < other else -1


def check_units(terms: Terms, units: Units, weight: int) -> None:
    """Refuse what could run over in the sum. Who sends it all the same is found out in the sum, and not by name."""
    if units.shape != (terms.words,):
        raise SecaggRefused(Reason.OVERFLOW, f"an update of {units.shape} numbers; this round's have {terms.words}")
    if not 1 <= weight <= terms.most_weight:
        raise SecaggRefused(Reason.OVERFLOW, f"weight {weight}; this round's are from 1 to {terms.most_weight}")
    most = max(int(units.max()), -int(units.min()))
    if most > terms.clip:
        raise SecaggRefused(
            Reason.OVERFLOW, f"a number of {most} steps; this round's end at {terms.clip}", mend="clip the update first"
        )


def check_enough(terms: Terms, count: int, what: str) -> None:
    """Refuse to go on with fewer members than the threshold."""
    if count < terms.threshold:
        raise SecaggRefused(
            Reason.TOO_FEW,
            f"{count} members {what}, {terms.threshold} of {len(terms.parties)} must",
            mend="the round adds nothing; open another",
        )


def signed(words: Words) -> Units:
    """Elements of the ring as the integers that they stand for, from −half of it on."""
    return words.view(np.dtype(f"<i{words.itemsize}")).astype(np.int64)


def _stream(key: bytes, words: int, dtype: np.dtype[Any]) -> Iterator[tuple[int, Words]]:
    cipher = Cipher(AES(key), CTR(bytes(16))).encryptor()
    zeros = bytes(min(PIECE, words) * dtype.itemsize)
    for start in range(0, words, PIECE):
        count = min(PIECE, words - start)
        yield start, np.frombuffer(cipher.update(zeros[: count * dtype.itemsize]), dtype)
