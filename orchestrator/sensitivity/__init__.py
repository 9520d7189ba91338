"""Sensitivity of training data: declared in the data statement, and held against a policy before training and release.

Imports no torch: daemons, auditors and the release gate ask it. Policies: `conf/sensitivity`.
"""

from orchestrator.ledger.data_statement import CLASSES
from orchestrator.sensitivity.declaration import UNSTATED, Declaration
from orchestrator.sensitivity.policy import SensitivityPolicy
from orchestrator.sensitivity.release import ReleaseFinding, declared, release_allowed
from orchestrator.sensitivity.training import check_training, training_refusals

__all__ = [
    "CLASSES",
    "UNSTATED",
    "Declaration",
    "ReleaseFinding",
    "SensitivityPolicy",
    "check_training",
    "declared",
    "release_allowed",
    "training_refusals",
]
