"""GTG-Shapley: Shapley values of many contributions from seeded permutations, cut short where nothing more is gained.

Z. Liu and others, "GTG-Shapley: Efficient and Accurate Participant Contribution Evaluation in Federated Learning",
arXiv 2109.02053. Three things save measurements: a round that gains nothing is not examined (between-round truncation);
a permutation ends once the players so far are worth nearly as much as all (within-round truncation); and each player
comes first equally often (guided sampling), since the first places are those that are measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from orchestrator.aggregation.scores.values import Value
from orchestrator.types import MILLION, Digest, UpdateId


@dataclass(frozen=True, slots=True)
class Sampling:
    """When to stop; as in the paper, but thresholds within a round are relative to what the round gains.

    Attributes:
        between: a round that changes the metric by fewer millionths is worth nothing to anybody.
        within: share of the round's gain, in millionths, below which the rest of a permutation counts for nothing.
        steady: mean change of the values by another turn, as a share of their mean size, in millionths, that ends it.
        least, most: turns; in each every player comes first once.
    """

    between: int = 100
    within: int = 10_000
    steady: int = 50_000
    least: int = 3
    most: int = 20


DEFAULT = Sampling()


def permutation_seed(task: Digest, manifest: Digest) -> bytes:
    """SHA-256 over the task's digest and that of the manifest a round was opened with; the same for every member."""
    return hashlib.sha256(f"loranchor gtg 1/{task}/{manifest}".encode()).digest()


def permutation(players: Sequence[UpdateId], first: UpdateId, turn: int, seed: bytes) -> tuple[UpdateId, ...]:
    """``first``, then the others by SHA-256(seed ‖ turn ‖ first ‖ player): anyone computes the same order."""

    def place(player: UpdateId) -> bytes:
        return hashlib.sha256(seed + f"/{turn}/{first}/{player}".encode()).digest()

    return (first, *sorted((item for item in players if item != first), key=place))


def gtg_shapley(
    players: Sequence[UpdateId], value: Value, *, seed: bytes, sampling: Sampling = DEFAULT
) -> dict[UpdateId, int]:
    """Estimated Shapley value of each player, rounded down to millionths.

    What truncation leaves out is spread in proportion to the values' sizes, so that they sum to value(all) −
    value(none), less one millionth a player at most; a player that changes nothing keeps 0. A round below
    ``sampling.between`` gives 0 to all.

    Args:
        players: in the manifest's order. seed: of :func:`permutation_seed`.
    """
    gain = value(tuple(players)) - value(()) if players else 0
    sums = dict.fromkeys(players, 0)
    if abs(gain) < sampling.between or not players:
        return sums
    before: list[Fraction] = []
    for turn in range(1, sampling.most + 1):
        for first in players:
            _walk(permutation(players, first, turn, seed), value, abs(gain) * sampling.within // MILLION, sums)
        now = [Fraction(total, turn * len(players)) for total in sums.values()]
        if turn >= sampling.least and _steady(before, now, sampling.steady):
            break
        before = now
    size, missing = sum(map(abs, now)), gain - sum(now)
    return {
        player: floor(share + (missing * abs(share) / size if size else 0))
        for player, share in zip(players, now, strict=True)
    }


def _walk(order: tuple[UpdateId, ...], value: Value, tolerance: int, sums: dict[UpdateId, int]) -> None:
    """Add what each player of a permutation gains to its sum, until the rest matters no more."""
    whole, former = value(order), value(())
    for place, player in enumerate(order):
        if place and abs(whole - former) <= tolerance:
            return
        latter = value(order[: place + 1])
        sums[player] += latter - former
        former = latter


def _steady(before: Sequence[Fraction], now: Sequence[Fraction], tolerance: int) -> bool:
    moved = sum(abs(new - old) for new, old in zip(now, before, strict=True))
    return moved * MILLION <= tolerance * sum(map(abs, now))
