"""The fold: a base model and a manifest's contributions become one model, exactly and reproducibly."""

from orchestrator.aggregation.accumulate import FOLD_VERSION, Accumulator, Stem, Tally
from orchestrator.aggregation.entries import FoldEntry, Opener, ordered
from orchestrator.aggregation.folded import FoldedModel
from orchestrator.aggregation.leave_one_out import leave_one_out
from orchestrator.aggregation.strategies import FlexLora, Stack
from orchestrator.aggregation.strategy import (
    WEIGHT_ONE,
    Block,
    Product,
    Strategy,
    register,
    strategies,
    strategy_named,
)

__all__ = [
    "FOLD_VERSION",
    "WEIGHT_ONE",
    "Accumulator",
    "Block",
    "FlexLora",
    "FoldEntry",
    "FoldedModel",
    "Opener",
    "Product",
    "Stack",
    "Stem",
    "Strategy",
    "Tally",
    "leave_one_out",
    "ordered",
    "register",
    "strategies",
    "strategy_named",
]
