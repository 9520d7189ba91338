"""The privacy part of a task: policies by name and joined, and settings that everybody agrees on."""

from __future__ import annotations

from typing import Any

import pytest
from unit.ledger.actors import private, task

from orchestrator.errors import FormatError
from orchestrator.ledger import privacy as rules
from orchestrator.ledger.canonical import digest

NONE = {"policy": "none", "epsilon_cap": 0, "delta_inverse": 0}


def test_a_task_without_any_is_as_it_was() -> None:
    spec = task()
    assert spec.digest == digest(spec.document) == task(privacy=NONE).digest
    assert (spec.privacy.names, spec.privacy.bounded, dict(spec.privacy.settings)) == (("none",), False, {})


def test_settings_are_of_the_policy_by_name() -> None:
    found = task(privacy=private(noise_nano=1_500_000_000)).privacy
    assert (found.policy, found.names, found.bounded) == ("dp", ("dp",), True)
    assert found.settings["dp"]["noise_nano"] == 1_500_000_000


def test_joined_policies_bring_the_settings_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "PRIVACY", {**rules.PRIVACY, "veil": {}})
    found = task(privacy={**private(), "policy": "dp+veil"}).privacy
    assert (found.names, found.bounded, set(found.settings)) == (("dp", "veil"), True, {"dp"})
    for name in ("veil+dp", "dp+dp", "none+veil", "veil+"):
        with pytest.raises(FormatError, match=r"task\.privacy\.policy"):
            task(privacy={**private(), "policy": name})


WRONG: list[tuple[dict[str, Any], str]] = [
    ({**NONE, "policy": "magic"}, r"task\.privacy\.policy is 'magic'; there is no 'magic' among"),
    ({**NONE, "policy": "dp"}, "task.privacy lacks dp"),
    ({**NONE, "dp": private()["dp"]}, "task.privacy has the unknown member dp"),
    (private(epsilon_cap=0), r"task\.privacy\.epsilon_cap is 0; an integer from 1"),
    ({**private(), "delta_inverse": 1}, r"task\.privacy\.delta_inverse is 1; an integer from 2"),
    (private(noise_nano=99_999_999), r"task\.privacy\.dp\.noise_nano is 99999999; an integer from 100000000"),
    (private(noise_nano=1.5), r"privacy\.dp\.noise_nano: float has no canonical form"),
    (private(rate_nano=1_000_000_001), r"task\.privacy\.dp\.rate_nano is 1000000001"),
    (private(accountant="gdp"), r"task\.privacy\.dp\.accountant is 'gdp'; one of prv, rdp"),
    (private(colour="red"), r"task\.privacy\.dp has the unknown member colour"),
    (private(unit="member"), "has unit member, which is in every training: rate_nano must be 1000000000"),
]


@pytest.mark.parametrize(("part", "words"), WRONG)
def test_what_cannot_be_is_refused_by_name(part: dict[str, Any], words: str) -> None:
    with pytest.raises(FormatError, match=words):
        task(privacy=part)
