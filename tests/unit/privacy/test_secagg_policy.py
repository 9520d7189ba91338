"""A task with masks is refused by name, with what there is, and what makes no sense with them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from unit.contribution.make import make_delta
from unit.ledger.actors import task

from orchestrator.daemon.operations import open_round
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.task import TaskSpec
from orchestrator.participation import Limits, refusals
from orchestrator.privacy import PrivacySettings, policy_named
from orchestrator.privacy.protect import protect
from orchestrator.privacy.secagg import NO_MASKS, senseless
from orchestrator.settings import compose

PRIVACY = {"policy": "secagg", "epsilon_cap": 0, "delta_inverse": 0, "secagg": {"clip": 1000}}
FFA = {"name": "ffa", "settings": {"fraction_bits": 16, "rule": "mean", "trim": 0}}
ADAPTER = {"modules": ["q_proj"], "ranks": [4], "alpha": 16, "rslora": False, "dense": []}


def masked(**changes: Any) -> TaskSpec:
    return task(**({"privacy": PRIVACY, "strategy": FFA, "adapter": ADAPTER} | changes))


def verdict(**changes: Any) -> dict[str, Any]:
    return {"policy": "validation", "filters": [], "minimum_score": 0, "max_norm": 1, "max_rank": 8} | changes


def test_no_round_is_opened_whose_task_makes_no_sense() -> None:
    """Before anything is asked of a chain: there is none here."""
    nothing: Any = SimpleNamespace()
    with pytest.raises(ConfigurationError, match="weights by samples depend on who drops out"):
        open_round(nothing, masked(weights="samples"), nothing)


def test_no_delta_without_masks_leaves_under_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        protect(make_delta(), PrivacySettings.from_task(masked().document), samples=1)
    assert caught.value.message == NO_MASKS


def test_nothing_is_said_against_a_sound_task() -> None:
    assert list(policy_named("secagg").objections(masked())) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"strategy": {"name": "stack", "settings": {}}}, "strategy stack has no sums of integers"),
        (
            {"strategy": {**FFA, "settings": {**FFA["settings"], "rule": "median"}}},
            "rule median compares single numbers",
        ),
        ({"weights": "samples"}, "weights by samples depend on who drops out"),
        ({"verdict": verdict(filters=[{"name": "norm-clip", "settings": {"factor": 5}}])}, "norm-clip, which look at"),
        ({"verdict": verdict(minimum_score=1)}, "minimum_score judges single updates"),
        ({"lineage": "isolated", "strategy": {"name": "stack", "settings": {}}}, "lineage isolated"),
        ({"minimum_updates": 2}, "minimum_updates is 2: a masked round has one contribution"),
    ],
)
def test_what_makes_no_sense_with_masks_is_said(changes: dict[str, Any], told: str) -> None:
    assert any(told in sentence for sentence in senseless(masked(**changes)))


def test_it_does_not_stand_beside_differential_privacy_yet() -> None:
    dp = {"unit": "member", "clip_nano": 10**9, "noise_nano": 10**9, "rate_nano": 10**9, "accountant": "rdp"}
    both = {**PRIVACY, "policy": "dp+secagg", "epsilon_cap": 1, "delta_inverse": 2, "dp": {**dp, "generator": "secure"}}
    told = list(policy_named("dp+secagg").objections(masked(privacy=both)))
    assert any("what a member spends under dp is in no record of a sum" in sentence for sentence in told)


def test_an_organisation_that_wants_several_updates_takes_a_sum_of_several() -> None:
    """Of one contribution, which the usual limit would be passed for."""
    assert refusals(masked(), Limits(minimum_updates=2)) == []
    assert refusals(task(), Limits(minimum_updates=2)) == ["minimum_updates is 1, this organisation accepts at least 2"]


@pytest.mark.parametrize("clip", [0, 1 << 23])
def test_a_clip_that_is_none_is_refused_by_the_task(clip: int) -> None:
    with pytest.raises(FormatError, match=r"task\.privacy\.secagg\.clip"):
        masked(privacy={**PRIVACY, "secagg": {"clip": clip}})


def test_the_settings_compose() -> None:
    chosen = compose(["experiment=tiny", "privacy=secagg"]).values["privacy"]
    assert chosen["secagg"]["clip"] * 8 < 1 << 23
