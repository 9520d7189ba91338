"""Local training of one update, and evaluation on held-out data."""

from orchestrator.training.discipline import Discipline
from orchestrator.training.evaluate import Evaluation, evaluate
from orchestrator.training.settings import AdapterSettings, TrainingSettings
from orchestrator.training.steps import Keeper, Run, Team
from orchestrator.training.train import TrainingOutcome, train

__all__ = [
    "AdapterSettings",
    "Discipline",
    "Evaluation",
    "Keeper",
    "Run",
    "Team",
    "TrainingOutcome",
    "TrainingSettings",
    "evaluate",
    "train",
]
