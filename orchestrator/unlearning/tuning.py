"""How strong a method may be: the strongest that costs retained data no more than it may."""

from __future__ import annotations

import math
from collections.abc import Callable

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning.refusal import ForgetDataMissing, NotFinite
from orchestrator.unlearning.subject import Budget, Data, Method, Subject

HALVINGS = 6
"""Bisections between the bounds: 8 runs in all at most."""


def tune(
    method: Method,
    subject: Subject,
    data: Data,
    budget: Budget,
    retain_gap: Callable[[], float],
    *,
    most: float,
    seed: int,
    halvings: int = HALVINGS,
) -> Method:
    """The strongest setting of a method, found by bisection on retained data, that keeps a gap within a budget.

    The strength is bisected on a logarithmic scale between its bounds, and each trial runs from the same model with the
    same seed. Bisection takes for granted that more strength costs more; whatever is returned was tried and kept the
    gap. A trial whose numbers are not finite is too strong. No data to forget are looked at but by the method itself.

    Args:
        retain_gap: measures the model as it is, on retained data: how much worse than it should be, such as points of
            accuracy below the former model. most: the largest gap that is allowed.
        seed: the one that the method will be run with. halvings: how many times the range is halved.

    Returns:
        The method with its strength set; the method itself where it has none. The subject is what it was.

    Raises:
        DataError: even the weakest setting costs more, or a run failed for another reason than numbers.
        ConfigurationError: the allowed gap is no number.
    """
    if not math.isfinite(most):
        raise ConfigurationError(f"a gap of at most {most}", mend="give a number, such as 0.02")
    if method.strength is None:
        return method
    if method.needs_forget and data.forget is None:
        raise ForgetDataMissing(method.name)
    bounds = method.ranges[method.strength]
    weak, strong = bounds.least, bounds.most
    trial = _Trial(method, subject, data, budget, retain_gap, most, seed)
    if trial.keeps(strong):
        return trial.at(strong)
    if not trial.keeps(weak):
        raise DataError(
            f"{method.name} costs more than {most:g} on retained data even at {method.strength} {weak:g}",
            mend="allow a larger gap, give more steps or a lower learning rate, or choose another method",
        )
    for _ in range(halvings):
        middle = math.sqrt(weak * strong)
        if trial.keeps(middle):
            weak = middle
        else:
            strong = middle
    return trial.at(weak)


class _Trial:
    """Runs a method at a strength, measures, and leaves the subject as it was."""

    def __init__(
        self,
        method: Method,
        subject: Subject,
        data: Data,
        budget: Budget,
        retain_gap: Callable[[], float],
        most: float,
        seed: int,
    ) -> None:
        self._method, self._subject, self._data, self._budget = method, subject, data, budget
        self._retain_gap, self._most, self._seed = retain_gap, most, seed

    def at(self, strength: float) -> Method:
        return self._method.with_settings(**{str(self._method.strength): strength})

    def keeps(self, strength: float) -> bool:
        before = self._subject.snapshot()
        try:
            self.at(strength).run(self._subject, self._data, self._budget, seed=self._seed)
            return self._retain_gap() <= self._most  # false for NaN as well
        except NotFinite:
            return False
        finally:
            self._subject.restore(before)
