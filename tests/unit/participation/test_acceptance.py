"""What an organisation accepts of a task: each limit has its sentence, and packaged limits take packaged tasks."""

from __future__ import annotations

from typing import Any

import pytest
from unit.ledger.actors import private, task, task_document, word_of

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.task import TaskSpec
from orchestrator.participation import Limits, refusals
from orchestrator.settings import choices, compose

PRIVATE = private()
SHARED = word_of("set")
NOISE = {"hardening": {"method": "weight-distortion", "sigma_nano": 1000}}
CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"training": {"steps": 11}}, {}, "training.steps is 12, this organisation accepts at most 11"),
    ({"training": {"batch": 3}}, {}, "training.batch is 4, this organisation accepts at most 3"),
    ({"training": {"length": 63}}, {}, "training.length is 64, this organisation accepts at most 63"),
    (
        {"training": {"learning_rate_nano": 9}},
        {},
        "training.learning_rate_nano is 1000000, this organisation accepts at most 9",
    ),
    ({"rank": 7}, {}, "adapter.ranks are 4, 8, this organisation accepts at most 7"),
    (
        {"rank": 256},
        {"lineage": "isolated", "verdict": {**task_document()["verdict"], "max_rank": 100_000}},
        "verdict.max_rank is 100000, this organisation accepts at most 256",
    ),
    (
        {"dense": False},
        {"adapter": {**task_document()["adapter"], "dense": ["head"]}},
        "adapter.dense trains head as a whole, this organisation accepts low rank only",
    ),
    ({"bases": ("0x01",)}, {}, f"base.digest is {word_of('base')}, this organisation accepts 0x01"),
    ({"strategies": ("ffa", "fedit")}, {}, "strategy is stack, this organisation accepts ffa, fedit"),
    ({"policies": ()}, {}, "privacy.policy is none, this organisation accepts none"),
    ({"guarantee": True}, {}, "privacy.policy is none with no ε cap, this organisation wants differential privacy"),
    (
        {"epsilon_cap": 4_000_000},
        {"privacy": PRIVATE},
        "privacy.epsilon_cap is 8, this organisation accepts at most 4",
    ),
    (
        {"delta_inverse": 1_000_000},
        {"privacy": PRIVATE},
        "privacy.delta_inverse is 100000, this organisation accepts at least 1000000",
    ),
    ({"verdicts": ("structural",)}, {}, "verdict.policy is validation, this organisation accepts structural"),
    ({"metrics": ("accuracy",)}, {}, "evaluation.metric is loss, this organisation accepts accuracy"),
    (
        {"shared": ()},
        {"evaluation": {"metric": "loss", "shared": SHARED, "scores": "shapley"}},
        f"evaluation.shared is {SHARED}, this organisation accepts none",
    ),
    ({"deadlines": {"submit": 21}}, {}, "deadlines.submit is 20 blocks, this organisation needs at least 21"),
    ({"deadlines": {"release": 11}}, {}, "deadlines.release is 10 blocks, this organisation needs at least 11"),
    ({"deadlines": {"commit": 11}}, {}, "deadlines.commit is 10 blocks, this organisation needs at least 11"),
    ({"deadlines": {"reveal": 11}}, {}, "deadlines.reveal is 10 blocks, this organisation needs at least 11"),
    ({"minimum_updates": 2}, {}, "minimum_updates is 1, this organisation accepts at least 2"),
    (
        {"hardening_sigma_nano": 999},
        {"revocation": NOISE},
        "revocation.hardening.sigma_nano is 1000, this organisation accepts at most 999",
    ),
]


@pytest.mark.parametrize(("limits", "changes", "sentence"), CASES)
def test_each_limit_has_its_sentence(limits: dict[str, Any], changes: dict[str, Any], sentence: str) -> None:
    assert refusals(task(**changes), Limits(**limits)) == [sentence]


def test_a_limit_that_is_just_met_refuses_nothing() -> None:
    met = Limits(
        training={"steps": 12, "batch": 4, "length": 64, "learning_rate_nano": 1_000_000},
        rank=8,
        bases=(word_of("base"),),
        strategies=("stack",),
        guarantee=True,
        policies=("dp",),
        epsilon_cap=8_000_000,
        delta_inverse=100_000,
        verdicts=("validation",),
        metrics=("loss",),
        shared=(SHARED,),
        deadlines={"submit": 20, "release": 10, "commit": 10, "reveal": 10},
        minimum_updates=1,
        hardening_sigma_nano=1000,
    )
    evaluation = {"metric": "loss", "shared": SHARED, "scores": "shapley"}
    assert refusals(task(privacy=PRIVATE, evaluation=evaluation, revocation=NOISE), met) == []


def test_every_limit_that_is_broken_is_told() -> None:
    found = refusals(task(), Limits(training={"steps": 1}, guarantee=True, minimum_updates=3))
    assert [sentence.split()[0] for sentence in found] == ["training.steps", "privacy.policy", "minimum_updates"]


def test_a_cap_says_nothing_of_tasks_that_promise_nothing() -> None:
    assert refusals(task(), Limits(epsilon_cap=0, delta_inverse=10**9)) == []


def test_any_has_no_limits_and_nothing_chosen_is_any() -> None:
    assert Limits.from_settings(compose(["accept=any"]).values) == Limits() == Limits.from_settings({})


@pytest.mark.parametrize("name", choices("experiment"))
@pytest.mark.parametrize("accept", choices("accept"))
def test_packaged_limits_take_packaged_tasks(name: str, accept: str) -> None:
    values = compose([f"experiment={name}", f"accept={accept}"]).values
    document = {"format": "loranchor/task", "version": 1, **values["experiment"]["task"]}
    document["base"] = {**document["base"], "digest": word_of("base"), "architecture": "llama"}
    assert refusals(TaskSpec.from_document(document), Limits.from_settings(values)) == []


def test_safe_refuses_what_would_keep_a_machine_busy_or_leave_no_time() -> None:
    safe = Limits.from_settings(compose(["accept=safe"]).values)
    training = {**task_document()["training"], "steps": 10**6}
    found = refusals(task(training=training, deadlines={"submit": 1, "release": 5, "commit": 10, "reveal": 5}), safe)
    assert [sentence.split()[0] for sentence in found] == ["training.steps", "deadlines.submit", "minimum_updates"]


def test_limits_can_be_set_one_by_one() -> None:
    settings = compose(["accept.training.steps=7", "accept.strategies=[stack,ffa]", "accept.privacy.guarantee=true"])
    limits = Limits.from_settings(settings.values)
    assert (limits.training["steps"], limits.strategies, limits.guarantee) == (7, ("stack", "ffa"), True)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("accept.training.steps=-1", "accept.training.steps is -1; give a natural number, or null for no limit"),
        ("accept.training=null", "accept.training is None; give its settings, as in accept=any"),
        ("accept.minimum_updates=many", "accept.minimum_updates is 'many'"),
        ("accept.adapter.dense=3", "accept.adapter.dense is 3; give true or false"),
        ("accept.bases=0x12", "accept.bases is '0x12'; give a list"),
        ("accept.privacy.policies=[1]", r"accept.privacy.policies is \[1\]; give a list such as \[a,b\], or null"),
    ],
)
def test_a_limit_that_cannot_be_one_is_named(override: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Limits.from_settings(compose([override]).values)
