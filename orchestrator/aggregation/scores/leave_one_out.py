"""How much one update of a round is worth: the metric with all of them less the metric without it.

The others keep their weights meanwhile. Were they scaled up, so that the round kept its sum, a score would compare an
update with the average of its round: scores of a round would sum to about nothing, and half of all honest work would
look worthless.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.aggregation.scores.values import Value
from orchestrator.types import UpdateId


def leave_one_out(players: Sequence[UpdateId], value: Value) -> dict[UpdateId, int]:
    """Score of every player in millionths, by one measurement each and one of all."""
    whole = value(tuple(players)) if players else 0
    return {player: whole - value(tuple(item for item in players if item != player)) for player in players}
