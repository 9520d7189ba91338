"""Which updates of a round harm the model, by measuring; what one of them does cannot hide behind another.

Leaving an update out of a sum that holds hostile ones tells little: where the sum is wrecked, every score is noise, and
each of two updates that undo each other looks needed. So each update is measured alone first, as if it were the whole
round, and no other update has a say in its own figure. It is measured at its whole weight, since a small step of a
model that knows little yet shows which class it prefers and not what it has learnt.

What passes is measured together. An update's share is the mean of what it gains as the first and as the last of those
left: the two ends of Shapley's average. The last place alone would refuse honest members who teach the same; the first
alone would pass what does harm only on top of others. While a share is below the minimum, the worst leaves and the rest
is measured again. At most n leave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.aggregation.scores.leave_one_out import leave_one_out
from orchestrator.aggregation.scores.values import Value
from orchestrator.types import UpdateId


def harmful(
    players: Sequence[UpdateId], alone: Callable[[UpdateId], int], value: Value, minimum: int
) -> dict[UpdateId, int]:
    """Updates that are worth less than ``minimum`` millionths, each with the figure that it was refused for.

    Args:
        players: what passed all other checks.
        alone: what a round of this update only gains, in millionths; an n-th of it is held against the minimum.
        value: of subsets at their weights in the round.
    """
    gains = {player: alone(player) // len(players) for player in players}
    found = {player: gain for player, gain in gains.items() if gain < minimum}
    left = [player for player in players if player not in found]
    first = {player: value((player,)) - value(()) for player in left}
    while left:
        shares = {player: (first[player] + last) // 2 for player, last in leave_one_out(left, value).items()}
        worst = min(left, key=lambda player: (shares[player], player))
        if shares[worst] >= minimum:
            break
        found[worst] = shares[worst]
        left.remove(worst)
    return found
