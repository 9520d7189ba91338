"""The one door between training and sealing."""

from __future__ import annotations

from orchestrator.contribution import AdapterDelta, serialise
from orchestrator.errors import BudgetSpent
from orchestrator.privacy.registry import policy_named
from orchestrator.privacy.settings import PrivacySettings
from orchestrator.types import MILLION, ProtectedDelta, protected


def price(settings: PrivacySettings, spent: int) -> int:
    """Cumulative ε, millionths, once one more training was done.

    Args:
        spent: trainings under the task that this organisation has sealed an update of.

    Raises:
        BudgetSpent: it would be above the task's cap. ConfigurationError: there is no such policy.
    """
    epsilon = policy_named(settings.policy).epsilon(settings, spent + 1)
    if settings.epsilon_cap and epsilon > settings.epsilon_cap:
        cap = settings.epsilon_cap / MILLION
        raise BudgetSpent(
            f"training number {spent + 1} under this task would bring ε to {epsilon / MILLION:g}, its cap is {cap:g}",
            mend="pass its rounds, or agree on a task with a higher cap",
        )
    return epsilon


def protect(delta: AdapterDelta, settings: PrivacySettings, *, samples: int, spent: int = 0) -> ProtectedDelta:
    """Apply the task's policy to a delta.

    Args:
        delta: what training gave, under the policy's discipline if it has one.
        settings: the task's privacy part.
        samples: training samples seen. spent: see :func:`price`.

    Raises:
        ConfigurationError: no such policy. BudgetSpent: the update would go over the task's cap on ε.
    """
    epsilon = price(settings, spent)
    policy = policy_named(settings.policy)
    return protected(
        serialise(policy.apply(delta, settings)),
        policy=policy.name,
        samples=samples,
        epsilon=epsilon,
        parent_manifest=delta.parent_manifest,
    )
