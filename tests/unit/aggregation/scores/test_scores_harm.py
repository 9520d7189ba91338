"""Who harms, in games whose rules are known."""

from __future__ import annotations

from orchestrator.aggregation.scores import harmful
from orchestrator.types import UpdateId

PLAYERS = tuple(UpdateId(name) for name in "abcd")
A, B, C, D = PLAYERS


class Game:
    """Values of subsets by a function; alone, a player is worth four times its share."""

    def __init__(self, **parts: int) -> None:
        self.parts = {UpdateId(name): part for name, part in parts.items()}
        self.asked: list[tuple[UpdateId, ...]] = []

    def value(self, chosen: tuple[UpdateId, ...]) -> int:
        self.asked.append(chosen)
        return sum(self.parts[player] for player in chosen)

    def alone(self, player: UpdateId) -> int:
        return len(PLAYERS) * self.value((player,))


def test_what_does_harm_alone_is_refused_for_that() -> None:
    game = Game(a=50, b=40, c=-30, d=5)
    assert harmful(PLAYERS, game.alone, game.value, 0) == {C: -30}
    assert harmful(PLAYERS, game.alone, game.value, -30) == {}
    assert harmful(PLAYERS, game.alone, game.value, 10) == {C: -30, D: 5}


def test_one_that_wrecks_the_sum_does_not_drag_others_below_the_line() -> None:
    """With c in the sum nobody's absence helps but c's, so that scores are noise; alone the others do well."""
    game = Game(a=50, b=40, c=-(10**9), d=30)

    def wrecked(chosen: tuple[UpdateId, ...]) -> int:
        return -(10**9) - 100 * len(chosen) if C in chosen else game.value(chosen)

    assert harmful(PLAYERS, game.alone, wrecked, 0) == {C: -(10**9)}


def test_two_that_need_each_other_are_both_refused() -> None:
    """Each undoes the other: leaving one out of the sum makes things worse, so shares alone would keep both."""
    game = Game(a=10, b=10, c=0, d=0)

    def together(chosen: tuple[UpdateId, ...]) -> int:
        return game.value(chosen) - (500 if len({C, D} & set(chosen)) == 1 else 0)

    def alone(player: UpdateId) -> int:
        return len(PLAYERS) * together((player,))

    assert harmful(PLAYERS, alone, together, 0) == {C: -500, D: -500}


def test_who_teaches_what_others_do_is_not_refused() -> None:
    """The fourth of four equal ones costs something, and the first gains more than that."""

    def crowded(chosen: tuple[UpdateId, ...]) -> int:
        return (0, 100, 150, 160, 140)[len(chosen)]

    assert harmful(PLAYERS, lambda player: 400, crowded, 0) == {}


def test_the_worst_of_the_sum_leaves_first_and_may_save_the_others() -> None:
    """Each of three is good alone and three are far too many; without one of them the rest is fine."""

    def crowded(chosen: tuple[UpdateId, ...]) -> int:
        return (0, 100, 150, 0)[len(chosen)] - (1 if B in chosen else 0)

    assert harmful(PLAYERS[:3], lambda player: 300, crowded, 0) == {B: -26}


def test_everybody_may_be_refused_and_nobody_is_no_fault() -> None:
    game = Game(a=-1, b=-1, c=-1, d=-1)
    assert set(harmful(PLAYERS, game.alone, game.value, 0)) == set(PLAYERS)
    assert harmful((), game.alone, game.value, 0) == {}


def test_measurements_are_bounded() -> None:
    """2n + 1, and for each that leaves afterwards those of one more pass; n² in all at the very worst."""
    asked = set()

    def crowded(chosen: tuple[UpdateId, ...]) -> int:
        asked.add(chosen)
        return -len(chosen)

    assert len(harmful(PLAYERS, lambda player: 4, crowded, 0)) == 4
    assert len(asked) <= len(PLAYERS) ** 2
