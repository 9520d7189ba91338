"""The one door between training and sealing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.contribution import AdapterDelta, serialise
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.privacy.none import NoPolicy
from orchestrator.types import ProtectedDelta, protected


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """The privacy part of a task: the policy's name, the ε cap in millionths, 1/δ (0 where there is no guarantee)."""

    policy: str = "none"
    epsilon_cap: int = 0
    delta_inverse: int = 0

    @classmethod
    def from_task(cls, task: Mapping[str, Any]) -> PrivacySettings:
        """Read them out of a ``loranchor/task`` object.

        Raises:
            FormatError: the object lacks one of them.
        """
        try:
            part = task["privacy"]
            return cls(part["policy"], part["epsilon_cap"], part["delta_inverse"])
        except (KeyError, TypeError) as error:
            raise FormatError(f"the task has no usable privacy settings: {error}") from error


class PrivacyPolicy(Protocol):
    """What a policy does to a delta before it leaves the organisation."""

    name: str

    def apply(self, delta: AdapterDelta, settings: PrivacySettings) -> tuple[AdapterDelta, int]:
        """The delta that may leave, and the ε that this update costs, in millionths."""
        ...


_POLICIES: dict[str, PrivacyPolicy] = {policy.name: policy for policy in (NoPolicy(),)}


def policies() -> tuple[str, ...]:
    """Names of the policies there are."""
    return tuple(sorted(_POLICIES))


def protect(delta: AdapterDelta, settings: PrivacySettings, *, samples: int, epsilon_spent: int = 0) -> ProtectedDelta:
    """Apply the task's policy to a delta.

    Args:
        delta: what training gave.
        settings: the task's privacy part.
        samples: training samples seen.
        epsilon_spent: ε that this organisation has spent on the task before, in millionths.

    Raises:
        ConfigurationError: no such policy, or the update would go over the task's ε cap.
    """
    policy = _POLICIES.get(settings.policy)
    if policy is None:
        raise ConfigurationError(
            f"unknown privacy policy {settings.policy!r}", mend=f"choose one of {', '.join(policies())}"
        )
    protected_delta, cost = policy.apply(delta, settings)
    epsilon = epsilon_spent + cost
    if settings.epsilon_cap and epsilon > settings.epsilon_cap:
        raise ConfigurationError(
            f"this update would bring ε to {epsilon} millionths, the task's cap is {settings.epsilon_cap}",
            mend="pass this round",
        )
    return protected(
        serialise(protected_delta),
        policy=policy.name,
        samples=samples,
        epsilon=epsilon,
        parent_manifest=delta.parent_manifest,
    )
