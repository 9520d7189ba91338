"""Only a policy makes a delta that can be sealed."""

from __future__ import annotations

import pytest

from orchestrator.contribution import serialise
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.privacy import PrivacySettings, policies, protect
from orchestrator.types import ProtectedDelta
from tests.unit.contribution.make import PARENT, make_delta


def test_none_lets_the_delta_through() -> None:
    delta = make_delta()
    done = protect(delta, PrivacySettings(), samples=48)
    assert done.payload == serialise(delta)
    assert (done.policy, done.samples, done.epsilon, done.parent_manifest) == ("none", 48, 0, PARENT)
    assert policies() == ("none",)


def test_epsilon_adds_up_to_the_cap() -> None:
    chosen = PrivacySettings("none", epsilon_cap=100)
    assert protect(make_delta(), chosen, samples=1, epsilon_spent=100).epsilon == 100
    with pytest.raises(ConfigurationError, match="cap is 100"):
        protect(make_delta(), chosen, samples=1, epsilon_spent=101)


def test_unknown_policy() -> None:
    with pytest.raises(ConfigurationError, match="unknown privacy policy 'dp'"):
        protect(make_delta(), PrivacySettings("dp"), samples=1)


def test_settings_from_a_task() -> None:
    task = {"privacy": {"policy": "none", "epsilon_cap": 5, "delta_inverse": 6}}
    assert PrivacySettings.from_task(task) == PrivacySettings("none", 5, 6)
    with pytest.raises(FormatError):
        PrivacySettings.from_task({})


def test_nobody_makes_one_by_hand() -> None:
    with pytest.raises(TypeError):
        ProtectedDelta(b"", "none", 1, 0, PARENT)
