"""The settings' group ``unlearning``: a method or a chain of them, its budget, and how its strength is found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.chain import chain
from orchestrator.unlearning.methods import method_named
from orchestrator.unlearning.subject import Budget, Data, Method, Progress, Subject
from orchestrator.unlearning.tuning import HALVINGS, tune


@dataclass(frozen=True, slots=True)
class Unlearning:
    """What the settings choose.

    Attributes:
        most: the largest gap on retained data that a tuned strength may cost; None: no tuning.
    """

    method: Method
    budget: Budget
    seed: int
    most: float | None = None
    halvings: int = HALVINGS

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Unlearning:
        """Read the group.

        Raises:
            ConfigurationError: there is no such method, or a value cannot be one; names it.
        """
        then = values.get("then") or []
        if not isinstance(then, list) or not all(isinstance(part, Mapping) for part in then):
            raise ConfigurationError(f"unlearning.then is {then!r}", mend="give [{method: NAME, settings: {}}]")
        budget, tuning = _group(values, "budget"), _group(values, "tune")
        most = tuning.get("most")
        return cls(
            method=chain(*(_method(part) for part in (values, *then))),
            budget=Budget(
                _whole(budget, "budget", "steps"),
                _number(budget, "budget", "learning_rate"),
                _number(budget, "budget", "weight_decay"),
            ),
            seed=_whole(values, "", "seed"),
            most=None if most is None else _number(tuning, "tune", "most"),
            halvings=_whole(tuning, "tune", "halvings"),
        )

    def apply(
        self,
        subject: Subject,
        data: Data,
        retain_gap: Callable[[], float] | None = None,
        *,
        progress: Progress | None = None,
    ) -> Method:
        """Find the strength where that is wished, then run; see :func:`orchestrator.unlearning.tuning.tune`.

        Returns:
            The method as it was run.

        Raises:
            ConfigurationError: a strength is to be found and nothing measures the gap.
            DataError: as ``tune`` and ``Method.run``.
        """
        method = self.method
        if self.most is not None:
            if retain_gap is None:
                raise ConfigurationError(
                    "unlearning.tune.most needs a figure on retained data", mend="leave it null, or measure one"
                )
            method = tune(
                method,
                subject,
                data,
                self.budget,
                retain_gap,
                most=self.most,
                seed=self.seed,
                halvings=self.halvings,
            )
        method.run(subject, data, self.budget, seed=self.seed, progress=progress)
        return method


def _method(values: Mapping[str, Any]) -> Method:
    name = values.get("method")
    if not isinstance(name, str):
        raise ConfigurationError(f"unlearning.method is {name!r}", mend="give the name of a method")
    return method_named(name, **_group(values, "settings"))


def _group(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name)
    if not isinstance(found, Mapping):
        raise ConfigurationError(f"unlearning.{name} is {found!r}", mend="give its settings, as in unlearning=finetune")
    return {str(key): value for key, value in found.items()}


def _number(values: Mapping[str, Any], group: str, key: str) -> float:
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        where = ".".join(part for part in ("unlearning", group, key) if part)
        raise ConfigurationError(f"{where} is {value!r}", mend="give a number")
    return value


def _whole(values: Mapping[str, Any], group: str, key: str) -> int:
    value = _number(values, group, key)
    if value != int(value) or value < 0:
        where = ".".join(part for part in ("unlearning", group, key) if part)
        raise ConfigurationError(f"{where} is {value!r}", mend="give a natural number")
    return int(value)
