"""The parts of a task that privacy policies follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.ledger.methods import Setting
from orchestrator.ledger.privacy import read_privacy
from orchestrator.ledger.reader import Reader


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """The privacy part of a task, and how many steps a training has.

    Attributes:
        policy: a name, or several with ``+`` between them. epsilon_cap: millionths. delta_inverse: 1/δ, 0 without DP.
        settings: of each policy that has any, by its name; what they are is in :mod:`orchestrator.ledger.privacy`.
    """

    policy: str = "none"
    epsilon_cap: int = 0
    delta_inverse: int = 0
    steps: int = 1
    settings: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)

    @classmethod
    def from_task(cls, task: Mapping[str, Any]) -> PrivacySettings:
        """Read them out of a ``loranchor/task`` object.

        Raises:
            FormatError: the object lacks one of them, or has one that cannot be; names it.
        """
        root = Reader(task, "task")
        rules = read_privacy(root.inner("privacy"))
        steps = root.inner("training").integer("steps", least=1)
        return cls(rules.policy, rules.epsilon_cap, rules.delta_inverse, steps, rules.settings)

    @property
    def names(self) -> tuple[str, ...]:
        """The policies by themselves."""
        return tuple(self.policy.split("+"))
