"""How much each contribution is worth."""

from orchestrator.aggregation.scores.shapley import Value, exact_shapley

__all__ = ["Value", "exact_shapley"]
