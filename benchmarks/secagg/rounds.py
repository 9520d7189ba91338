"""One simulated round, measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from orchestrator.secagg.keys import pair_key, self_key
from orchestrator.secagg.masks import Words, add_stream, sign
from orchestrator.secagg.simulation import Played, play
from orchestrator.secagg.terms import Terms, usual_threshold
from orchestrator.types import ZERO_DIGEST, Address, OrganisationId


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one round.

    Attributes:
        members, gone, words, ring_bits: what was played. sizes: bytes that one member sent, by object.
        mask: seconds of the processor of one member, mean. total: those of whoever sums.
        equal: whether the sum is the plain one.
    """

    members: int
    gone: int
    words: int
    ring_bits: int
    sizes: dict[str, int]
    mask: float
    total: float
    equal: bool

    @property
    def times_plain(self) -> float:
        """Bytes sent over those of the same numbers in fp32, unsealed."""
        return sum(self.sizes.values()) / (4 * self.words)


def figures_of(found: Measured) -> dict[str, Any]:
    """As a cell keeps them."""
    return {"sizes": dict(found.sizes), "times": found.times_plain, "mask": found.mask, "sum": found.total}


def measured(folder: Path, members: int, gone: int, words: int, ring_bits: int) -> Measured:
    """Play a round of random updates within the clip.

    Raises:
        SystemExit: the sum is not the plain one, which no figure may hide.
    """
    terms = terms_of(members, words, ring_bits)
    drawn = np.random.default_rng(words)
    updates = {name: drawn.integers(-terms.clip, terms.clip + 1, words) for name in terms.parties}
    played = play(terms, updates, folder, gone=terms.parties[-gone:] if gone else ())
    plain = sum(updates[name] for name in played.found.owners)
    if not np.array_equal(played.found.total, plain):
        raise SystemExit("the sum differs from the plain one")
    seconds = played.seconds
    return Measured(
        members, gone, words, ring_bits, dict(played.sizes), seconds["mask"] / members, seconds["sum"], True
    )


def terms_of(members: int, words: int, ring_bits: int) -> Terms:
    """Terms of a round of the federation, with either ring."""
    return Terms(
        chain_id=1337,
        ledger=Address("0x" + "1e" * 20),
        round=1,
        task=ZERO_DIGEST,
        parties=tuple(OrganisationId(f"org-{place:03}") for place in range(members)),
        threshold=usual_threshold(members),
        ring_bits=ring_bits,
        clip=((1 << 23) - 1) // members,
        most_weight=1,
        words=words,
        layout=ZERO_DIGEST,
    )


def without_revealed(played: Played, terms: Terms, name: OrganisationId) -> Words:
    """A member's masked update without all masks that the round revealed: its own, and those with who is gone."""
    view = played.masked[name].words.copy()
    add_stream(view, self_key(terms, name, played.members[name].own.seed), -1)
    for gone in (item for item in played.announced if item not in played.masked):
        key = pair_key(terms, gone, played.members[gone].own.mask_key, played.announced[name])
        add_stream(view, key, -sign(name, gone))
    return view
