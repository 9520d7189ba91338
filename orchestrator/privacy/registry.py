"""Policies by name, and combinations of them. A new policy is its module, a line here and one in ``ledger/privacy``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy.policy import Place, PrivacyPolicy, Promise
from orchestrator.privacy.settings import PrivacySettings

if TYPE_CHECKING:
    from orchestrator.contribution import AdapterDelta
    from orchestrator.training import Discipline

MODULES = {
    "none": "orchestrator.privacy.none",
    "dp": "orchestrator.privacy.dp.policy",
    "keylock": "orchestrator.privacy.keylock.policy",
    "secagg": "orchestrator.privacy.secagg",
}
"""Where each is, in the order in which they act on one training and one delta; each module has a ``POLICY``."""


def policies() -> tuple[str, ...]:
    """Names of the policies there are, each by itself."""
    return tuple(sorted(MODULES))


def policy_named(name: str) -> PrivacyPolicy:
    """A policy, or several with ``+`` between their names as one.

    Raises:
        ConfigurationError: there is no such policy.
    """
    names = name.split("+")
    if unknown := [part for part in names if part not in MODULES]:
        raise ConfigurationError(
            f"unknown privacy policy {unknown[0]!r}", mend=f"choose one of {', '.join(policies())}"
        )
    parts = tuple(_load(part) for part in MODULES if part in names)
    return parts[0] if len(parts) == 1 else Combined(parts)


@cache
def _load(name: str) -> PrivacyPolicy:
    found: PrivacyPolicy = import_module(MODULES[name]).POLICY
    return found


class Combined:
    """Several policies as one, each acting on what the one before it left."""

    def __init__(self, parts: tuple[PrivacyPolicy, ...]) -> None:
        self.parts = parts
        self.name = "+".join(sorted(part.name for part in parts))
        self.promise = Promise(
            " ".join(part.promise.protects for part in parts),
            " ".join(part.promise.leaves_open for part in parts),
            any(part.promise.bounded for part in parts),
        )

    def objections(self, task: TaskSpec) -> Iterator[str]:
        return (found for part in self.parts for found in part.objections(task))

    def warnings(self, task: TaskSpec) -> Iterator[str]:
        return (found for part in self.parts for found in part.warnings(task))

    def epsilon(self, settings: PrivacySettings, trainings: int) -> int:
        return max(part.epsilon(settings, trainings) for part in self.parts)

    def discipline(self, settings: PrivacySettings, place: Place) -> Discipline | None:
        from orchestrator.training.discipline import joined

        return joined(item for part in self.parts if (item := part.discipline(settings, place)) is not None)

    def apply(self, delta: AdapterDelta, settings: PrivacySettings) -> AdapterDelta:
        for part in self.parts:
            delta = part.apply(delta, settings)
        return delta
