"""How much each update of a round is worth, from what sets of them are worth."""

from orchestrator.aggregation.scores.gtg import gtg_shapley, permutation, permutation_seed
from orchestrator.aggregation.scores.harm import harmful
from orchestrator.aggregation.scores.leave_one_out import leave_one_out
from orchestrator.aggregation.scores.shapley import MOST_EXACT, exact_shapley
from orchestrator.aggregation.scores.values import SubsetValues, Value

__all__ = [
    "MOST_EXACT",
    "SubsetValues",
    "Value",
    "exact_shapley",
    "gtg_shapley",
    "harmful",
    "leave_one_out",
    "permutation",
    "permutation_seed",
]
