"""The fold: a base model and a manifest's contributions become one model, exactly and reproducibly."""

from orchestrator.aggregation.accumulate import FOLD_VERSION, Accumulator, Stem, Tally
from orchestrator.aggregation.engine import FoldReport, fold_folder
from orchestrator.aggregation.entries import FoldEntry, Opener, ordered
from orchestrator.aggregation.factors import Factors, stack_factors
from orchestrator.aggregation.ffa_sums import ffa_sums, sums_digest
from orchestrator.aggregation.folded import FoldedModel
from orchestrator.aggregation.source import DeltaBytes, DeltaSource, HeldSource, MappedFile, Source
from orchestrator.aggregation.start import Ground, Starting, adapted
from orchestrator.aggregation.stored import StoredBase
from orchestrator.aggregation.strategies import FedEx, FedIt, Ffa, FlexLora, RoLora, Stack
from orchestrator.aggregation.strategy import (
    WEIGHT_ONE,
    Block,
    Product,
    Strategy,
    register,
    strategies,
    strategy_named,
)
from orchestrator.aggregation.sums import sum_changes

__all__ = [
    "FOLD_VERSION",
    "WEIGHT_ONE",
    "Accumulator",
    "Block",
    "DeltaBytes",
    "DeltaSource",
    "Factors",
    "FedEx",
    "FedIt",
    "Ffa",
    "FlexLora",
    "FoldEntry",
    "FoldReport",
    "FoldedModel",
    "Ground",
    "HeldSource",
    "MappedFile",
    "Opener",
    "Product",
    "RoLora",
    "Source",
    "Stack",
    "Starting",
    "Stem",
    "StoredBase",
    "Strategy",
    "Tally",
    "adapted",
    "ffa_sums",
    "fold_folder",
    "ordered",
    "register",
    "stack_factors",
    "strategies",
    "strategy_named",
    "sum_changes",
    "sums_digest",
]
