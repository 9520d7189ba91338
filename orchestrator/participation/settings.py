"""The settings' group ``participation``: a policy, and the money it reckons with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.participation.account import Account
from orchestrator.participation.always import Always
from orchestrator.participation.policy import ParticipationPolicy
from orchestrator.participation.q_learning import QLearning
from orchestrator.participation.threshold import Threshold
from orchestrator.types import MILLION

POLICIES = ("always", "threshold", "q_learning")


@dataclass(frozen=True, slots=True)
class Participation:
    """How an organisation decides; ``account`` is None for a policy that asks for no money."""

    policy: ParticipationPolicy
    account: Account | None = None

    @classmethod
    def from_settings(cls, values: Mapping[str, Any], organisation: str) -> Participation:
        """What the settings choose; taking part always where no such group was chosen.

        Raises:
            ConfigurationError: there is no such policy, or a value cannot be one; names it.
        """
        chosen = values.get("participation") or {"policy": "always"}
        name = chosen.get("policy")
        if name == "always":
            return cls(Always())
        if name == "threshold":
            return cls(
                Threshold(_share(chosen, "margin", most=1000), _optional(chosen, "most_repeats")), _account(chosen)
            )
        if name == "q_learning":
            alpha, gamma, epsilon = (_share(chosen, key) for key in ("alpha", "gamma", "epsilon"))
            return cls(QLearning(f"{chosen.get('seed')}/{organisation}", alpha, gamma, epsilon), _account(chosen))
        raise ConfigurationError(f"there is no participation policy {name!r}", mend=f"choose {', '.join(POLICIES)}")


def _account(chosen: Mapping[str, Any]) -> Account:
    budget = chosen["budget"]["amount"]
    return Account(
        round=_money(chosen["costs"]["round"], "costs.round"),
        million_tokens=_money(chosen["costs"]["million_tokens"], "costs.million_tokens"),
        token=_money(chosen["token"], "token"),
        budget=None if budget is None else _money(budget, "budget.amount"),
        budget_rounds=_whole(chosen["budget"]["rounds"], "budget.rounds"),
        window=_whole(chosen["window"], "window"),
    )


def _money(value: Any, where: str) -> int:
    """Millionths of the unit; more digits than that are cut off."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**12:
        raise ConfigurationError(f"participation.{where} is {value!r}", mend="give a number from 0")
    return int(Decimal(str(value)) * MILLION)


def _share(chosen: Mapping[str, Any], key: str, *, most: int = 1) -> int:
    value = _money(chosen[key], key)
    if value > most * MILLION:
        raise ConfigurationError(f"participation.{key} is {chosen[key]!r}", mend=f"give a number from 0 to {most}")
    return value


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"participation.{where} is {value!r}", mend="give a whole number from 1")
    return value


def _optional(chosen: Mapping[str, Any], key: str) -> int | None:
    return None if chosen[key] is None else _whole(chosen[key], key)
