"""The verbs say whom a policy protects, and what trainings cost before anybody trains."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner
from unit.ledger.actors import private, task

from orchestrator.cli import app
from orchestrator.daemon.equipment import task_without_base
from orchestrator.privacy import policies, policy_named, prices
from orchestrator.settings import choices, compose

TINY_DP = ["experiment=tiny", "privacy=dp", "privacy.dp.accountant=rdp", "aggregation=ffa"]


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["privacy", *words], env={"COLUMNS": "1000"})
    assert done.exit_code == 0, done.output
    return done.output


def test_every_policy_is_listed_with_its_sentences() -> None:
    told = run("list")
    found = json.loads(run("list", "--json"))
    assert set(found) == set(policies())
    for name in policies():
        promise = policy_named(name).promise
        assert promise.protects in told and promise.leaves_open in told
        assert found[name]["protects"] == promise.protects
    assert found["dp"]["bounded"] and not found["none"]["bounded"]


def test_the_price_of_an_experiment() -> None:
    found = json.loads(run("price", "--json", "--trainings", "1", "--trainings", "3", *TINY_DP))
    assert [number for number, _ in found["epsilon"]] == [1, 3] and found["epsilon"][0][1] < found["epsilon"][1][1]
    assert (found["policy"], found["cap"], found["objections"], found["warnings"]) == ("dp", 8.0, [], [])
    assert found["allowed"] >= 1
    told = run("price", *TINY_DP, "aggregation=stack", "privacy.epsilon_cap=1")
    assert "the cap of 1e-06 allows 0 trainings" in told and "note: strategy stack trains both factors" in told
    assert "promises no differential privacy" in run("price", "experiment=tiny")


def test_allowed_is_the_last_within_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    class Linear:
        def __getattr__(self, name: str) -> Any:
            return getattr(policy_named("dp"), name)

        def epsilon(self, settings: object, trainings: int) -> int:
            return 1_000_000 * trainings

    monkeypatch.setattr(prices, "policy_named", lambda name: Linear())
    for cap in (999_999, 1_000_000, 37_000_000, 37_999_999, 10**10):
        found = prices.prices(task(privacy=private(epsilon_cap=cap)))
        assert found.allowed == min(cap // 1_000_000, prices.USUAL[-1])
    assert [number for number, _ in prices.prices(task(privacy=private(epsilon_cap=3_000_000))).epsilon] == [1, 2, 5]


@pytest.mark.parametrize("name", [name for name in choices("privacy") if name.startswith("dp")])
def test_every_packaged_policy_serves_an_experiment(name: str) -> None:
    spec = task_without_base(compose(["experiment=tiny", f"privacy={name}", "aggregation=ffa"]))
    assert not list(policy_named(spec.privacy.policy).objections(spec))
