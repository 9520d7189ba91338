"""What MetaUnlearn is compared with: the baselines of its paper behind one Protocol, and itself.

Bad Teacher, PGU and Lipschitz are known here and not among the methods that a task's settings choose
(:mod:`orchestrator.unlearning.methods`): they were made for pictures, and those are for adapters of language models as
well. Retraining, the oracle, is no method: it is another model. What each gets to see is the caller's to say: with the
support pictures as the data to forget they are on MetaUnlearn's ground, with all pictures of a person above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.methods import method_named
from orchestrator.unlearning.methods.recipe import Recipe, check_setting
from orchestrator.unlearning.person import bad_teacher, lipschitz, pgu
from orchestrator.unlearning.person.meta_loss import MetaLoss
from orchestrator.unlearning.person.step import RATE, Support, forget_in_place
from orchestrator.unlearning.refusal import ForgetDataMissing
from orchestrator.unlearning.subject import Budget, Data, Method, Progress, Range, Subject, derived

_OWN: dict[str, Recipe] = {module.METHOD.name: module.METHOD for module in (bad_teacher, lipschitz, pgu)}
_SHARED = ("finetune", "random-relabel", "scrub", "ssd")
BASELINES = tuple(sorted((*_OWN, *_SHARED)))


def baseline_named(name: str, **settings: float) -> Method:
    """A baseline with some of its settings changed.

    Raises:
        ConfigurationError: there is no such baseline or setting, or a value is out of bounds.
    """
    if name in _OWN:
        return _OWN[name].with_settings(**settings)
    if name in _SHARED:
        return method_named(name, **settings)
    raise ConfigurationError(f"unknown baseline {name!r}", mend=f"choose one of {', '.join(BASELINES)}")


@dataclass(frozen=True)
class MetaUnlearn:
    """One step of a trained meta-loss, as a method; see :mod:`orchestrator.unlearning.person.step`.

    Its data to forget are one batch, the request: ``pixel_values``, ``labels`` float32 (pictures, outputs) and
    ``people``. It needs no data to keep, takes one step whatever the budget and reports none; ``rate`` is η.
    """

    meta: MetaLoss
    rate: float = RATE
    name: str = "meta-unlearn"
    needs_forget: bool = True
    strength: str | None = None

    @property
    def settings(self) -> Mapping[str, float]:
        return {"rate": self.rate}

    @property
    def ranges(self) -> Mapping[str, Range]:
        return {"rate": Range(RATE, 1e-6, 100.0)}

    def with_settings(self, **changed: float) -> MetaUnlearn:
        """The same with another η.

        Raises:
            ConfigurationError: it has no such setting, or the value is out of bounds.
        """
        for name, value in changed.items():
            check_setting(self.name, name, value, self.ranges)
        return replace(self, rate=float(changed.get("rate", self.rate)))

    def run(self, subject: Subject, data: Data, budget: Budget, *, seed: int, progress: Progress | None = None) -> None:
        """Take the step in place.

        Raises:
            ForgetDataMissing: there is no request. ConfigurationError, NotFinite: as the step; nothing changed then.
        """
        request = None if data.forget is None else next(data.forget(derived(seed, "forget")), None)
        if request is None:
            raise ForgetDataMissing(self.name)
        support = Support(request["pixel_values"], request["labels"], request["people"])
        forget_in_place(subject, self.meta, support, rate=self.rate)
