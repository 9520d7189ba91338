"""Only a policy makes a delta that can be sealed."""

from __future__ import annotations

import pytest

from orchestrator.contribution import serialise
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.privacy import PrivacySettings
from orchestrator.privacy.protect import protect
from orchestrator.types import ProtectedDelta
from tests.unit.contribution.make import PARENT, make_delta


def test_none_lets_the_delta_through() -> None:
    delta = make_delta()
    done = protect(delta, PrivacySettings(), samples=48, spent=3)
    assert done.payload == serialise(delta)
    assert (done.policy, done.samples, done.epsilon, done.parent_manifest) == ("none", 48, 0, PARENT)


def test_unknown_policy() -> None:
    with pytest.raises(ConfigurationError, match="unknown privacy policy 'magic'"):
        protect(make_delta(), PrivacySettings("magic"), samples=1)


def test_settings_from_a_task() -> None:
    task = {"privacy": {"policy": "none", "epsilon_cap": 5, "delta_inverse": 6}, "training": {"steps": 7}}
    assert PrivacySettings.from_task(task) == PrivacySettings("none", 5, 6, 7)
    with pytest.raises(FormatError):
        PrivacySettings.from_task({})


def test_nobody_makes_one_by_hand() -> None:
    with pytest.raises(TypeError):
        ProtectedDelta(b"", "none", 1, 0, PARENT)
