"""What trainings under a task would cost, before anybody trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy.registry import policy_named
from orchestrator.privacy.settings import PrivacySettings
from orchestrator.types import MILLION

USUAL = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Numbers of trainings that are shown, up to the first beyond the cap."""


@dataclass(frozen=True)
class Prices:
    """Of one task.

    Attributes:
        epsilon: (trainings, cumulative ε in millionths), as asked. allowed: trainings within the cap; at most
            :data:`USUAL`'s last where the cap allows more. Both empty and 0 where the policy promises no ε.
        objections, warnings: what the policy says to the task.
    """

    task: TaskSpec
    epsilon: tuple[tuple[int, int], ...]
    allowed: int
    objections: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def document(self) -> dict[str, Any]:
        """ε as numbers, for people and programs."""
        privacy = self.task.privacy
        return {
            "policy": privacy.policy,
            "epsilon": [[number, epsilon / MILLION] for number, epsilon in self.epsilon],
            "cap": privacy.epsilon_cap / MILLION if privacy.bounded else None,
            "delta_inverse": privacy.delta_inverse,
            "allowed": self.allowed,
            "objections": list(self.objections),
            "warnings": list(self.warnings),
        }


def prices(task: TaskSpec, trainings: Sequence[int] = ()) -> Prices:
    """ε after so many trainings, or after the usual numbers up to the first beyond the cap.

    Raises:
        EnvironmentMissing: what computes ε is not installed.
    """
    policy, settings = policy_named(task.privacy.policy), PrivacySettings.from_task(task.document)
    said = tuple(policy.objections(task)), tuple(policy.warnings(task))
    if not task.privacy.bounded:
        return Prices(task, (), 0, *said)
    known: dict[int, int] = {}

    def cost(number: int) -> int:
        if number not in known:
            known[number] = policy.epsilon(settings, number)
        return known[number]

    below, above = 0, None
    for number in USUAL:
        if cost(number) > settings.epsilon_cap:
            above = number
            break
        below = number
    while above is not None and above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if cost(middle) <= settings.epsilon_cap else (below, middle)
    shown = sorted(trainings) or [number for number in USUAL if number in known]
    return Prices(task, tuple((number, cost(number)) for number in shown), below, *said)
