"""How well a trigger works, and what is left of it once its owner's contributions are revoked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor

from orchestrator.attacks.backdoor.folds import Folds
from orchestrator.attacks.backdoor.triggers import others
from orchestrator.attacks.shares import Share, share_of
from orchestrator.errors import DataError
from orchestrator.types import OrganisationId

Inputs = TypeVar("Inputs")
Predict = Callable[[Any, Inputs], Tensor]
"""From a model and inputs to class numbers, int64 [samples]."""


@dataclass(frozen=True, slots=True)
class Success:
    """A trigger on samples of other classes than its target.

    Attributes:
        rate: share that goes to the target with the trigger: the attack's success.
        without: share that goes there anyway. accuracy: on all samples, without the trigger.
    """

    rate: Share
    without: Share
    accuracy: Share

    def document(self) -> dict[str, dict[str, float]]:
        """For JSON."""
        return {name: getattr(self, name).document() for name in ("rate", "without", "accuracy")}


def success_of(plain: Tensor, triggered: Tensor, labels: Tensor, target: int) -> Success:
    """From class numbers predicted without and with the trigger, int64 [samples] each.

    Raises:
        DataError: there is no sample of another class, or numbers of samples differ.
    """
    rows = others(labels, target)
    if not len(rows) or not len(plain) == len(triggered) == len(labels):
        raise DataError("a trigger shows on samples of other classes alone", mend="give some, predicted both ways")
    to_target, anyway = int((triggered[rows] == target).sum()), int((plain[rows] == target).sum())
    right = int((plain == labels).sum())
    return Success(share_of(to_target, len(rows)), share_of(anyway, len(rows)), share_of(right, len(labels)))


def before_and_after(
    folds: Folds,
    culprit: OrganisationId,
    predict: Predict[Inputs],
    plain: Inputs,
    triggered: Inputs,
    labels: Tensor,
    target: int,
) -> tuple[Success, Success]:
    """A known trigger in the fold of all contributions, and in the one without the culprit's.

    Raises:
        DataError: no sample of another class. ConfigurationError: no such organisation in the fold.
    """
    found = []
    for without in (None, culprit):
        model = folds.model(without)
        found.append(success_of(predict(model, plain), predict(model, triggered), labels, target))
    return found[0], found[1]
