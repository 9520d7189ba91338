"""The fold: a base model and a manifest's contributions become one model, exactly and reproducibly."""

from orchestrator.aggregation.entries import FoldEntry, Opener, ordered
from orchestrator.aggregation.folded import FoldedModel
from orchestrator.aggregation.leave_one_out import leave_one_out
from orchestrator.aggregation.stack import FOLD_VERSION, WEIGHT_ONE

__all__ = ["FOLD_VERSION", "WEIGHT_ONE", "FoldEntry", "FoldedModel", "Opener", "leave_one_out", "ordered"]
