"""ε is spent over the rounds of a task and never twice; a round beyond the cap, or beyond the organisation's own
policy, is passed before anything is trained, and what is not protected as it should be is not sealed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, private, task

from orchestrator.daemon.trainings import SEALED, check_protection, trainings_spent
from orchestrator.errors import ProtocolError
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.task import TaskSpec
from orchestrator.participation import Limits, unmet
from orchestrator.settings import compose
from orchestrator.types import ZERO_DIGEST, OrganisationId, ProtectedDelta, protected

CAPPED = 2_500_000
"""Two trainings of ε 1 each, as the pretended workbench counts."""


@pytest.fixture
def private_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Consortium]:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    life = Consortium(tmp_path, task(privacy=private(epsilon_cap=CAPPED)))
    life.until(lambda: all(name in life.history.state.prekeys for name in MEMBERS))
    yield life
    life.close()


def play(life: Consortium) -> int:
    number = life.open_round(AURORA)
    life.until(lambda: life.history.state.rounds[number].status is not RoundStatus.OPEN)
    return number


def recorded(life: Consortium, name: OrganisationId) -> list[int]:
    return [item.epsilon for item in life.history.state.updates.values() if item.organisation == name]


def test_epsilon_grows_over_rounds_and_a_round_beyond_the_cap_is_passed(private_life: Consortium) -> None:
    life = private_life
    for _ in range(3):
        last = play(life)
    assert [recorded(life, name) for name in (AURORA, BOREALIS)] == [[1_000_000, 2_000_000]] * 2
    assert life.benches[AURORA].spent == [0, 1, 2], "the third was refused before it began"
    third = life.history.state.rounds[last]
    assert third.status is RoundStatus.FAILED and not third.submissions
    assert {AURORA, BOREALIS, CUMULUS} == third.passed


def test_a_sealed_update_counts_also_where_the_chain_has_forgotten_it(private_life: Consortium) -> None:
    life = private_life
    play(life)
    services, ledger = life.services[AURORA], life.now().ledger
    count = {"results": services.results, "ledger": ledger, "task": life.history.tasks[task_of(life)], "me": AURORA}
    assert trainings_spent(**count) == 1, "the chain and the journal know the same one"
    (made,) = services.results.of_round(SEALED, 1)
    services.journal.put(SEALED, "1/orphaned", {**made, "content_commitment": "0x" + "77" * 32})
    assert trainings_spent(**count) == 2
    services.journal.put(
        SEALED, "1/other-task", {**made, "content_commitment": ZERO_DIGEST, "task_digest": ZERO_DIGEST}
    )
    assert trainings_spent(**count) == 2
    for key in services.journal.results(SEALED):
        services.journal.drop(SEALED, key)
    assert trainings_spent(**count) == 1, "a restored home has no journal, and asks the chain"


def task_of(life: Consortium) -> Any:
    return life.history.state.rounds[1].opening.task_digest


def test_a_task_without_what_the_organisation_requires_is_passed_by_name(life: Consortium) -> None:
    life.services[AURORA].settings = compose(["accept=any", "accept.privacy.requires=[dp]"])
    play(life)
    assert life.history.state.rounds[1].passed == {AURORA} and "train" not in life.benches[AURORA].asked


def test_what_another_policy_has_made_is_not_sealed(private_life: Consortium) -> None:
    life = private_life
    life.benches[AURORA].says = "none"
    number = play(life)
    assert recorded(life, AURORA) == [] and recorded(life, BOREALIS) == [1_000_000]
    assert life.history.state.rounds[number].passed == {AURORA}
    assert life.services[AURORA].results.of_round(SEALED, number) == []


DP = task(privacy=private(epsilon_cap=CAPPED))
UNMET: list[tuple[TaskSpec, str, int, Limits, str]] = [
    (DP, "none", 5, Limits(), "it met the policy none, the task's is dp"),
    (DP, "dp", 0, Limits(), "it says ε 0 under the policy dp"),
    (task(), "none", 5, Limits(), "it says ε 5e-06 under the policy none"),
    (DP, "dp", CAPPED + 1, Limits(), "its ε of 2.5 is above the cap of 2.5"),
    (task(), "none", 0, Limits(requires=("dp",)), "privacy.policy is none, this organisation wants dp in it"),
    (DP, "dp", 1, Limits(epsilon_cap=1_000_000), "privacy.epsilon_cap is 2.5, this organisation accepts at most 1"),
    (DP, "dp", 1, Limits(units=("member",)), "privacy.dp.unit is example, this organisation accepts member"),
    (
        task(privacy=private(generator="torch")),
        "dp",
        1,
        Limits(secure=True),
        "privacy.dp.generator is torch, this organisation wants secure",
    ),
]


@pytest.mark.parametrize(("spec", "policy", "epsilon", "limits", "sentence"), UNMET)
def test_each_way_to_fall_short_has_its_sentence(
    spec: TaskSpec, policy: str, epsilon: int, limits: Limits, sentence: str
) -> None:
    delta = made(policy, epsilon)
    assert unmet(delta, spec, limits) == [sentence]
    with pytest.raises(ProtocolError, match="the update is not sent"):
        check_protection(delta, spec, limits)


def test_what_meets_them_is_let_through() -> None:
    delta = made("dp", CAPPED)
    assert check_protection(delta, DP, Limits(guarantee=True, requires=("dp",), secure=True)) is delta


def made(policy: str, epsilon: int) -> ProtectedDelta:
    return protected(b"", policy=policy, samples=1, epsilon=epsilon, parent_manifest=ZERO_DIGEST)
