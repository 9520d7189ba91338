"""ε: two implementations agree, it composes over rounds, and a training beyond the cap is refused before it begins."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from unit.ledger.actors import private, task
from unit.privacy.dp_world import nano, settings

from benchmarks.dp.opinions import ACCOUNTANTS, SETTINGS, ours, second
from orchestrator.errors import BudgetSpent, ConfigurationError, EnvironmentMissing
from orchestrator.privacy import policy_named
from orchestrator.privacy.dp import accounting
from orchestrator.privacy.protect import price
from orchestrator.types import MILLION

DP = policy_named("dp")


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("accountant", ACCOUNTANTS)
def test_opacus_and_dp_accounting_agree_to_two_per_cent(
    accountant: str, setting: tuple[float, float, int, float]
) -> None:
    assert ours(accountant, *setting) == pytest.approx(second(accountant, *setting), rel=0.02)


def test_rounds_are_composed_not_added() -> None:
    """All steps of all trainings are one mechanism; a sum of each round's ε would be several times as much."""
    chosen = settings(steps=40, rate_nano=nano(0.02))
    each = [DP.epsilon(chosen, trainings) for trainings in (1, 2, 10)]
    assert each[0] < each[1] < each[2] < 5 * each[0]
    assert each[2] == DP.epsilon(settings(steps=400, rate_nano=nano(0.02)), 1)


def test_a_member_is_one_step_a_training() -> None:
    chosen = settings(steps=40, unit="member", rate_nano=nano(1), noise_nano=nano(4))
    assert DP.epsilon(chosen, 10) == accounting.millionths(accounting.epsilon("rdp", 4.0, 1.0, 10, 1e-5))


def test_what_is_recorded_is_rounded_up() -> None:
    assert accounting.millionths(1.0000001) == MILLION + 1 and accounting.millionths(1.0) == MILLION
    assert accounting.millionths(float("inf")) == accounting.millionths(float("nan")) == accounting.MOST == 2**53 - 1


def test_the_training_that_would_pass_the_cap_is_refused() -> None:
    each = [DP.epsilon(settings(), trainings) for trainings in (1, 2, 3)]
    chosen = settings(epsilon_cap=each[1])
    assert [price(chosen, spent) for spent in (0, 1)] == each[:2]
    with pytest.raises(BudgetSpent, match=r"training number 3 under this task would bring ε to \d+\.\d+, its cap is"):
        price(chosen, 2)


def test_an_accountant_that_there_is_not() -> None:
    with pytest.raises(ConfigurationError, match="no accountant 'gdp'"):
        accounting.epsilon("gdp", 1.0, 0.1, 1, 1e-5)


def test_without_opacus_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("opacus"):
            raise ImportError("no", name="opacus")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(EnvironmentMissing, match=r"opacus; pip install 'loranchor\[privacy\]'"):
        accounting.epsilon("rdp", 7.5, 0.1, 1, 1e-5)


def test_tasks_it_cannot_serve_and_tasks_it_warns_of() -> None:
    slices = {"training": {**task().document["training"], "slices": 2}, "lineage": "isolated"}
    (objection,) = DP.objections(task(privacy=private(), **slices))
    assert objection == "privacy.policy is dp with training.slices 2: ε is not counted by slices"
    assert not list(DP.objections(task(privacy=private())))
    (both,) = DP.warnings(task(privacy=private()))
    assert both.startswith("strategy stack trains both factors")
    ffa = {"name": "ffa", "settings": {"fraction_bits": 16, "rule": "mean", "trim": 0}}
    adapter = {**task().document["adapter"], "ranks": [8]}
    assert not list(DP.warnings(task(privacy=private(), strategy=ffa, adapter=adapter)))
    (generator,) = DP.warnings(task(privacy=private(generator="torch"), strategy=ffa, adapter=adapter))
    assert "privacy.dp.generator is torch" in generator
