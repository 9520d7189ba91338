"""Whose contribution brought a backdoor: the folds with it and without it disagree about what carries the trigger.

Nobody knows the trigger, so it is searched for: for each organisation and class something small that, put on any probe,
makes the whole fold say that class and the fold without the organisation not. What was found is counted on probes that
the search did not see. A backdoor leaves with its owner's contribution; what all taught stays in both folds.

The search for a trigger is after B. Wang and others, "Neural Cleanse", IEEE S&P 2019. That it compares two folds, and
so needs no rule for what an unusually small trigger is, is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from torch import Tensor

from orchestrator.attacks.backdoor.folds import Folds
from orchestrator.attacks.shares import Share, share_of
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.types import OrganisationId

Inputs = TypeVar("Inputs")
THRESHOLD = 0.5
"""A contribution is held to bring a backdoor from this lower bound on: one trigger, half of all probes."""


class Trigger(Protocol[Inputs]):
    """Something that can be put on inputs."""

    def on(self, inputs: Inputs) -> Inputs: ...


class Search(Protocol[Inputs]):
    """Looks for a trigger that two models disagree about."""

    def find(self, whole: Any, rest: Any, probes: Inputs, target: int, *, seed: int) -> Trigger[Inputs]:
        """What makes ``whole`` say the target and ``rest`` not, on as many probes as it can."""
        ...


@dataclass(frozen=True, slots=True)
class Probes(Generic[Inputs]):
    """Inputs that need no labels, of no member's training data.

    Attributes:
        searched: what triggers are searched on. judged: others, on which they are counted. classes: of the model.
    """

    searched: Inputs
    judged: Inputs
    classes: int


@dataclass(frozen=True, slots=True)
class Score(Generic[Inputs]):
    """What leaving one organisation out changes.

    Attributes:
        plain: share of judged probes, as they are, that both folds answer differently.
        share: share of them that the trigger sends to the target in the whole fold and not in the other, among those
            that neither fold sends there without it. target, trigger: the class and trigger with the largest one.
    """

    organisation: OrganisationId
    plain: Share
    share: Share
    target: int
    trigger: Trigger[Inputs]


@dataclass(frozen=True, slots=True)
class Detection(Generic[Inputs]):
    """Scores of all organisations, and what they are held against."""

    scores: tuple[Score[Inputs], ...]
    threshold: float

    @property
    def culprits(self) -> tuple[OrganisationId, ...]:
        """Those whose lower bound reaches the threshold."""
        return tuple(score.organisation for score in self.scores if score.share.low >= self.threshold)

    @property
    def largest(self) -> Score[Inputs]:
        """The score that a release is judged by."""
        return max(self.scores, key=lambda score: score.share.value)

    def document(self) -> dict[str, Any]:
        """For JSON."""
        scores = {
            score.organisation: {
                "plain": score.plain.document(),
                "share": score.share.document(),
                "target": score.target,
            }
            for score in self.scores
        }
        return {"threshold": self.threshold, "culprits": list(self.culprits), "scores": scores}


def detect(
    folds: Folds,
    search: Search[Inputs],
    predict: Callable[[Any, Inputs], Tensor],
    probes: Probes[Inputs],
    *,
    seed: int,
    threshold: float = THRESHOLD,
) -> Detection[Inputs]:
    """Leave each organisation out once.

    Args:
        predict: class numbers, int64 [samples]. threshold: see :data:`THRESHOLD`.

    Raises:
        ConfigurationError: fewer than two organisations: without the only one nothing is left to compare with.
        DataError: no probe tells anything, since both folds give all of them one class.
    """
    if len(folds.organisations) < 2:
        raise ConfigurationError("a backdoor is looked for between organisations", mend="give a fold of two or more")
    whole = folds.model(None)
    scores = tuple(
        _score(name, whole, folds.model(name), search, predict, probes, seed) for name in folds.organisations
    )
    return Detection(scores, threshold)


def _score(
    name: OrganisationId,
    whole: Any,
    rest: Any,
    search: Search[Inputs],
    predict: Callable[[Any, Inputs], Tensor],
    probes: Probes[Inputs],
    seed: int,
) -> Score[Inputs]:
    before, without = predict(whole, probes.judged), predict(rest, probes.judged)
    plain = share_of(int((before != without).sum()), len(before))
    found: list[Score[Inputs]] = []
    for target in range(probes.classes):
        open_ = (before != target) & (without != target)
        if open_.any():
            trigger = search.find(whole, rest, probes.searched, target, seed=seed)
            carrying = trigger.on(probes.judged)
            moved = open_ & (predict(whole, carrying) == target) & (predict(rest, carrying) != target)
            found.append(Score(name, plain, share_of(int(moved.sum()), int(open_.sum())), target, trigger))
    if not found:
        raise DataError("all probes are of one class to the model", mend="give probes of several classes")
    return max(found, key=lambda score: score.share.value)
