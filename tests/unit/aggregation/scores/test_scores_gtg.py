"""GTG-Shapley against exact values, its sums, its thrift and its permutations."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import pytest

from orchestrator.aggregation.scores import exact_shapley, gtg_shapley, permutation, permutation_seed
from orchestrator.types import MILLION, Digest, UpdateId

SEED = permutation_seed(Digest("0x" + "11" * 32), Digest("0x" + "22" * 32))


def players(count: int) -> tuple[UpdateId, ...]:
    return tuple(UpdateId(f"u{place:02}") for place in range(count))


class Diminishing:
    """The root of the sum of what players know: each is worth less the more others there are."""

    def __init__(self, knows: Sequence[int]) -> None:
        self.knows = {UpdateId(f"u{place:02}"): amount for place, amount in enumerate(knows)}
        self.measured: set[frozenset[UpdateId]] = set()

    def __call__(self, chosen: tuple[UpdateId, ...]) -> int:
        self.measured.add(frozenset(chosen))
        return isqrt(sum(self.knows[player] for player in chosen) * 10**8)


def test_known_answers() -> None:
    assert SEED.hex() == "bd201968d095179ae9369a2f2458c8c21a892e010521267fde55eb895caf6c9a"
    assert permutation(players(5), UpdateId("u03"), 1, SEED) == ("u03", "u04", "u02", "u01", "u00")
    assert permutation(players(5), UpdateId("u03"), 2, SEED) == ("u03", "u04", "u00", "u01", "u02")


def test_orders_are_even() -> None:
    """Over many turns each of the others comes second about equally often."""
    second = [permutation(players(5), UpdateId("u00"), turn, SEED)[1] for turn in range(1, 401)]
    assert all(70 <= second.count(player) <= 130 for player in players(5)[1:])


def test_close_to_exact_values() -> None:
    game = Diminishing([900, 400, 100, 25, 16, 9, 4, 0])
    exact = exact_shapley(players(8), game)
    found = gtg_shapley(players(8), game, seed=SEED)
    whole = game(players(8))
    for player in players(8):
        assert found[player] == pytest.approx(exact[player], abs=whole // 20)


def test_exact_where_nobody_depends_on_the_others() -> None:
    own = dict(zip(players(9), range(0, 90_000, 10_000), strict=True))
    assert gtg_shapley(players(9), lambda chosen: sum(own[player] for player in chosen), seed=SEED) == own


@pytest.mark.parametrize("count", [9, 16])
def test_sums_and_thrift(count: int) -> None:
    game = Diminishing([(place * 37) % 100 for place in range(count)])
    found = gtg_shapley(players(count), game, seed=SEED)
    gain = game(players(count)) - game(())
    assert 0 <= gain - sum(found.values()) < count
    assert len(game.measured) < 2**count


def test_who_changes_nothing_scores_nothing_and_who_harms_less() -> None:
    game = {UpdateId("u02"): 0, UpdateId("u04"): -30_000}

    def value(chosen: tuple[UpdateId, ...]) -> int:
        return sum(game.get(player, 20_000) for player in chosen)

    found = gtg_shapley(players(9), value, seed=SEED)
    assert found[UpdateId("u02")] == 0 and found[UpdateId("u04")] < 0
    assert {found[player] for player in players(9) if player not in game} == {20_000}


def test_a_round_that_gains_nothing_is_not_examined() -> None:
    game = Diminishing([0] * 20)
    assert set(gtg_shapley(players(20), game, seed=SEED).values()) == {0}
    assert len(game.measured) == 2
    assert gtg_shapley((), game, seed=SEED) == {}


def test_the_same_seed_gives_the_same_scores() -> None:
    game = Diminishing([(place * 53) % 70 for place in range(12)])
    other = permutation_seed(Digest("0x" + "11" * 32), Digest("0x" + "23" * 32))
    first = gtg_shapley(players(12), game, seed=SEED)
    assert first == gtg_shapley(players(12), game, seed=SEED) != gtg_shapley(players(12), game, seed=other)
    assert max(first.values()) <= MILLION
