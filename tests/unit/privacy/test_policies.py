"""Policies by name and joined; each says whom it protects, and a task knows the same names."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.privacy import BOUNDED, PRIVACY
from orchestrator.privacy import Place, Plain, PrivacySettings, Promise, policies, policy_named, registry
from orchestrator.training import Discipline
from orchestrator.training.discipline import joined
from orchestrator.types import Digest, OrganisationId
from tests.unit.contribution.make import make_delta

PLACE = Place(OrganisationId("aurora"), samples=3, rows=2)


def test_a_task_knows_the_policies_there_are() -> None:
    assert set(policies()) == set(PRIVACY)
    assert {name for name in policies() if policy_named(name).promise.bounded} == BOUNDED & set(policies())


@pytest.mark.parametrize("name", policies())
def test_each_says_whom_it_protects_and_whom_not(name: str) -> None:
    policy = policy_named(name)
    assert policy.name == name
    for sentence in (policy.promise.protects, policy.promise.leaves_open):
        assert sentence[0].isupper() and sentence.endswith(".")


def test_no_torch_is_needed_to_read_what_they_promise() -> None:
    words = (
        "import sys; from orchestrator.privacy import policies, policy_named;"
        "[policy_named(name).promise for name in policies()]; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", words], check=True)


class _Adding(Plain):
    promise = Promise("A.", "B.")

    def __init__(self, name: str, adds: str, epsilon: int, discipline: Discipline | None = None) -> None:
        self.name, self._adds, self._epsilon, self._discipline = name, adds, epsilon, discipline

    def apply(self, delta: AdapterDelta, settings: PrivacySettings) -> AdapterDelta:
        return replace(delta, base=Digest(delta.base + self._adds))

    def epsilon(self, settings: PrivacySettings, trainings: int) -> int:
        return self._epsilon * trainings

    def discipline(self, settings: PrivacySettings, place: Place) -> Discipline | None:
        return self._discipline


def test_joined_policies_act_in_the_order_of_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"late": _Adding("late", "-late", 5), "early": _Adding("early", "-early", 7)}
    monkeypatch.setattr(registry, "MODULES", {"early": "", "late": ""})
    monkeypatch.setattr(registry, "_load", found.__getitem__)
    policy = policy_named("early+late")
    delta = make_delta()
    assert policy.name == "early+late" == policy_named("late+early").name
    assert policy.apply(delta, PrivacySettings()).base == delta.base + "-early-late"
    assert policy.epsilon(PrivacySettings(), 3) == 21
    assert (policy.promise.protects, policy.promise.bounded) == ("A. A.", False)
    assert policy.discipline(PrivacySettings(), PLACE) is None
    with pytest.raises(ConfigurationError, match="unknown privacy policy 'never'; choose one of early, late"):
        policy_named("early+never")


def test_joined_disciplines_are_around_each_other_and_one_decides_on_gradients() -> None:
    told: list[str] = []

    def around(name: str) -> Any:
        @contextmanager
        def inside(made: object) -> Iterator[None]:
            told.append(f"{name} in")
            yield
            told.append(f"{name} out")

        return inside

    made: Any = object()
    gradients: Any = object()
    both = joined([Discipline(around("a")), Discipline(around("b"), gradients=gradients, samples=4)])
    assert both is not None
    with both.around(made):
        told.append("training")
    assert told == ["a in", "b in", "training", "b out", "a out"]
    assert (both.gradients, both.rows, both.samples) == (gradients, None, 4)
    assert joined([]) is None
    with pytest.raises(ConfigurationError, match="two of the task's privacy policies decide on gradients"):
        joined([both, both])
