"""What this organisation accepts of a round's task before it trains for it: its own limits, in one sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.masked_rounds import is_masked
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import ProtectedDelta


@dataclass(frozen=True)
class Limits:
    """An organisation's limits; None, or an empty mapping, is no limit.

    Attributes:
        training: most ``steps``, ``batch``, ``length`` and ``learning_rate_nano``.
        rank: largest rank. dense: whether parameters may be trained as a whole.
        bases, strategies, policies, verdicts, metrics, shared: what is allowed, by digest or name.
        guarantee: the task must promise differential privacy. epsilon_cap: most, millionths. delta_inverse: least.
        requires: policies that must all be among the task's. units: of differential privacy, that are allowed.
        secure: whether its noise must come from a secure generator.
        deadlines: least ``submit``, ``release``, ``commit`` and ``reveal``, private blocks. minimum_updates: at least.
        hardening_sigma_nano: of noise that a revocation may put on everybody's weights, in 1e-9; most.
    """

    training: Mapping[str, int] = field(default_factory=dict)
    rank: int | None = None
    dense: bool = True
    bases: tuple[str, ...] | None = None
    strategies: tuple[str, ...] | None = None
    guarantee: bool = False
    policies: tuple[str, ...] | None = None
    requires: tuple[str, ...] = ()
    units: tuple[str, ...] | None = None
    secure: bool = False
    epsilon_cap: int | None = None
    delta_inverse: int | None = None
    verdicts: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    shared: tuple[str, ...] | None = None
    deadlines: Mapping[str, int] = field(default_factory=dict)
    minimum_updates: int | None = None
    hardening_sigma_nano: int | None = None

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Limits:
        """Limits of the settings' group ``accept``; none at all where no such group was chosen.

        Raises:
            ConfigurationError: a limit has a value that cannot be one; names it.
        """
        accept = values.get("accept")
        if accept is None:
            return cls()
        adapter, privacy, evaluation = (_group(accept, name) for name in ("adapter", "privacy", "evaluation"))
        return cls(
            training=_numbers(accept, "training"),
            rank=_number(adapter, "rank", "adapter"),
            dense=_flag(adapter, "dense", "adapter"),
            bases=_names(accept, "bases"),
            strategies=_names(accept, "strategies"),
            guarantee=_flag(privacy, "guarantee", "privacy"),
            policies=_names(privacy, "policies", "privacy"),
            requires=_names(privacy, "requires", "privacy") or (),
            units=_names(privacy, "units", "privacy"),
            secure=_flag(privacy, "secure", "privacy"),
            epsilon_cap=_number(privacy, "epsilon_cap", "privacy"),
            delta_inverse=_number(privacy, "delta_inverse", "privacy"),
            verdicts=_names(accept, "verdicts"),
            metrics=_names(evaluation, "metrics", "evaluation"),
            shared=_names(evaluation, "shared", "evaluation"),
            deadlines=_numbers(accept, "deadlines"),
            minimum_updates=_number(accept, "minimum_updates"),
            hardening_sigma_nano=_number(accept, "hardening_sigma_nano"),
        )


def refusals(task: TaskSpec, limits: Limits) -> list[str]:
    """Why this organisation does not train under a task: a sentence for each limit that it breaks."""
    return [*_work(task, limits), *_choices(task, limits), *_privacy(task, limits), *_time(task, limits)]


def _work(task: TaskSpec, limits: Limits) -> Iterator[str]:
    for name, most in limits.training.items():
        if (wanted := getattr(task.training, name)) > most:
            yield f"training.{name} is {wanted}, this organisation accepts at most {most}"
    # also a rank that only others would choose: what they send is opened, judged and folded here
    if limits.rank is not None and max(task.adapter.ranks, default=0) > limits.rank:
        yield f"adapter.ranks are {_listed(task.adapter.ranks)}, this organisation accepts at most {limits.rank}"
    # with lineage isolated ranks add up, and any up to the largest may be sent
    if limits.rank is not None and task.lineage == "isolated" and task.verdict.max_rank > limits.rank:
        yield f"verdict.max_rank is {task.verdict.max_rank}, this organisation accepts at most {limits.rank}"
    noise = limits.hardening_sigma_nano
    if task.hardening is not None and noise is not None and task.hardening.sigma_nano > noise:
        wanted = task.hardening.sigma_nano
        yield f"revocation.hardening.sigma_nano is {wanted}, this organisation accepts at most {noise}"
    if task.adapter.dense and not limits.dense:
        yield f"adapter.dense trains {_listed(task.adapter.dense)} as a whole, this organisation accepts low rank only"


def _choices(task: TaskSpec, limits: Limits) -> Iterator[str]:
    chosen = (
        ("base.digest", task.base.digest, limits.bases),
        ("strategy", task.strategy.name, limits.strategies),
        ("privacy.policy", task.privacy.policy, limits.policies),
        ("verdict.policy", task.verdict.policy, limits.verdicts),
        ("evaluation.metric", task.evaluation.metric, limits.metrics),
    )
    for name, found, allowed in chosen:
        if allowed is not None and found not in allowed:
            yield f"{name} is {found}, this organisation accepts {_listed(allowed)}"
    shared = task.evaluation.shared
    if shared is not None and limits.shared is not None and shared not in limits.shared:
        yield f"evaluation.shared is {shared}, this organisation accepts {_listed(limits.shared)}"


def _privacy(task: TaskSpec, limits: Limits) -> Iterator[str]:
    privacy = task.privacy
    for name in limits.requires:
        if name not in privacy.names:
            yield f"privacy.policy is {privacy.policy}, this organisation wants {name} in it"
    if limits.guarantee and not privacy.bounded:
        yield f"privacy.policy is {privacy.policy} with no ε cap, this organisation wants differential privacy"
    if not privacy.bounded:
        return
    yield from _noise(privacy.settings["dp"], limits)
    if limits.epsilon_cap is not None and privacy.epsilon_cap > limits.epsilon_cap:
        wanted, most = _millionths(privacy.epsilon_cap), _millionths(limits.epsilon_cap)
        yield f"privacy.epsilon_cap is {wanted}, this organisation accepts at most {most}"
    if limits.delta_inverse is not None and privacy.delta_inverse < limits.delta_inverse:
        least = limits.delta_inverse
        yield f"privacy.delta_inverse is {privacy.delta_inverse}, this organisation accepts at least {least}"


def _noise(settings: Mapping[str, Any], limits: Limits) -> Iterator[str]:
    if limits.units is not None and settings["unit"] not in limits.units:
        yield f"privacy.dp.unit is {settings['unit']}, this organisation accepts {_listed(limits.units)}"
    if limits.secure and settings["generator"] != "secure":
        yield f"privacy.dp.generator is {settings['generator']}, this organisation wants secure"


def unmet(delta: ProtectedDelta, task: TaskSpec, limits: Limits) -> list[str]:
    """Why a delta is not protected as task and organisation want it, a sentence each; asked before it is sealed."""
    found = list(_privacy(task, limits))
    if delta.policy != task.privacy.policy:
        found.append(f"it met the policy {delta.policy}, the task's is {task.privacy.policy}")
    if task.privacy.bounded != (delta.epsilon > 0):
        found.append(f"it says ε {_millionths(delta.epsilon)} under the policy {task.privacy.policy}")
    if task.privacy.bounded and delta.epsilon > task.privacy.epsilon_cap:
        found.append(
            f"its ε of {_millionths(delta.epsilon)} is above the cap of {_millionths(task.privacy.epsilon_cap)}"
        )
    return found


def _time(task: TaskSpec, limits: Limits) -> Iterator[str]:
    for name, least in limits.deadlines.items():
        if (given := getattr(task.deadlines, name)) < least:
            yield f"deadlines.{name} is {given} blocks, this organisation needs at least {least}"
    if is_masked(task):  # of one contribution, a sum: of how many updates at the least is asked before each step
        return
    if limits.minimum_updates is not None and task.minimum_updates < limits.minimum_updates:
        wanted, least = task.minimum_updates, limits.minimum_updates
        yield f"minimum_updates is {wanted}, this organisation accepts at least {least}"


def _listed(items: Any) -> str:
    return ", ".join(map(str, items)) or "none"


def _millionths(value: int) -> str:
    return f"{value / 1_000_000:g}"


# -- reading settings

TRAINING = ("steps", "batch", "length", "learning_rate_nano")
DEADLINES = ("submit", "release", "commit", "reveal")
_FIELDS = {"training": TRAINING, "deadlines": DEADLINES}


def _group(values: Any, name: str) -> Mapping[str, Any]:
    found = values.get(name) if isinstance(values, Mapping) else None
    if not isinstance(found, Mapping):
        raise ConfigurationError(f"accept.{name} is {found!r}", mend="give its settings, as in accept=any")
    return found


def _numbers(values: Any, name: str) -> dict[str, int]:
    group = _group(values, name)
    found = {key: _number(group, key, name) for key in _FIELDS[name]}
    return {key: value for key, value in found.items() if value is not None}


def _number(values: Mapping[str, Any], key: str, group: str = "") -> int | None:
    value = values.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise _wrong(group, key, value, "give a natural number, or null for no limit")
    return value


def _flag(values: Mapping[str, Any], key: str, group: str) -> bool:
    value = values.get(key)
    if not isinstance(value, bool):
        raise _wrong(group, key, value, "give true or false")
    return value


def _names(values: Mapping[str, Any], key: str, group: str = "") -> tuple[str, ...] | None:
    value = values.get(key)
    if value is not None and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise _wrong(group, key, value, "give a list such as [a,b], or null for any")
    return None if value is None else tuple(value)


def _wrong(group: str, key: str, value: Any, mend: str) -> ConfigurationError:
    where = ".".join(part for part in ("accept", group, key) if part)
    return ConfigurationError(f"{where} is {value!r}", mend=mend)
