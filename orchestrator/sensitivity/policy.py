"""Which classes of data may be trained on, and which models trained on them may be released: `conf/sensitivity`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.data_statement import CLASSES
from orchestrator.sensitivity.declaration import UNSTATED

Rule = Literal["allow", "anonymised", "refuse"]
RULES: tuple[Rule, ...] = ("allow", "anonymised", "refuse")
Step = Literal["train", "release"]
STEPS: tuple[Step, ...] = ("train", "release")


@dataclass(frozen=True, slots=True)
class SensitivityPolicy:
    """Rules by class, ``unstated`` among them.

    Attributes:
        name: for people. train, release: ``allow``, ``refuse``, or ``anonymised``: only with personal data taken out.
        complete: steps that a statement must be complete for.
    """

    name: str
    train: Mapping[str, Rule]
    release: Mapping[str, Rule]
    complete: frozenset[Step] = frozenset()

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Self | None:
        """The policy of the settings' group ``sensitivity``; None where no such group was chosen.

        Raises:
            ConfigurationError: a rule is missing or none; names it.
        """
        group = values.get("sensitivity")
        if group is None:
            return None
        if not isinstance(group, Mapping) or not isinstance(group.get("complete"), Mapping):
            raise ConfigurationError("sensitivity.complete is not set", mend="begin with sensitivity=default")
        complete = {step for step in STEPS if _flag(group["complete"], step)}
        return cls(str(group.get("name")), _rules(group, "train"), _rules(group, "release"), frozenset(complete))

    def rule(self, step: Step, sensitivity_class: str | None) -> Rule:
        """What holds for a class; None is a class that was not stated."""
        return (self.train if step == "train" else self.release)[sensitivity_class or UNSTATED]


def _rules(group: Mapping[str, Any], step: Step) -> dict[str, Rule]:
    given = group.get(step)
    known = (*CLASSES, UNSTATED)
    if not isinstance(given, Mapping) or given.keys() != set(known):
        raise ConfigurationError(f"sensitivity.{step} has no rule for every class", mend=f"rule {', '.join(known)}")
    for name in known:
        if given[name] not in RULES:
            mend = f"choose one of {', '.join(RULES)}"
            raise ConfigurationError(f"sensitivity.{step}.{name} is {given[name]!r}", mend=mend)
    return {name: given[name] for name in known}


def _flag(values: Mapping[str, Any], step: Step) -> bool:
    value = values.get(step)
    if not isinstance(value, bool):
        raise ConfigurationError(f"sensitivity.complete.{step} is {value!r}", mend="give true or false")
    return value
