"""Local training of one update, and evaluation on held-out data."""

from orchestrator.training.evaluate import Evaluation, evaluate
from orchestrator.training.settings import AdapterSettings, TrainingSettings
from orchestrator.training.train import TrainingOutcome, train

__all__ = ["AdapterSettings", "Evaluation", "TrainingOutcome", "TrainingSettings", "evaluate", "train"]
