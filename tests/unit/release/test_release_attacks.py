"""Attacks of the release gate where the truth is known: what saw nothing tells nothing, and what was learnt shows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from orchestrator.release.check import Finding
from orchestrator.release.policy import Policy, missing
from orchestrator.release.registry import run_checks
from orchestrator.release.settings import ReleaseSettings
from orchestrator.release.subject import gather
from orchestrator.settings import compose
from orchestrator.unlearning.evaluation.models import ModelSettings
from tests.unit.release import release_world as world


def checked(folder: Path, model: str, *references: str, **sets: str) -> dict[str, Finding]:
    """Findings by name under safe-default; sets are names of the folder's files."""
    given = [f"release.{name}={folder / file}" for name, file in sets.items()]
    group = compose(["release=safe-default", "release.length=24", "release.prefix=3", "release.suffix=4", *given])
    settings = ReleaseSettings.from_group(group.group("release"))
    found = gather(str(folder / model), [str(folder / name) for name in references], settings, ModelSettings())
    findings = run_checks(found.subject, Policy.from_group(group.group("release")))
    return {finding.name: finding for finding in findings}


SETS: dict[str, Any] = {"members": "members.jsonl", "others": "others.jsonl", "population": "population.jsonl"}


def test_of_a_model_that_saw_neither_set_membership_is_a_guess(release_writers: Path) -> None:
    found = checked(release_writers, "blank", "unseen", "unseen-2", **SETS | {"members": "strangers.jsonl"})
    for attack in ("loss", "min_k_plus_plus", "rmia", "lira"):
        assert found[f"membership.{attack}"].figures["auc"] == pytest.approx(0.5, abs=0.05)


def test_an_overfit_model_tells_its_members_by_every_attack_and_fails(release_writers: Path) -> None:
    found = checked(release_writers, "overfit", "unseen", "unseen-2", **SETS)
    for attack in ("loss", "min_k_plus_plus", "rmia", "lira"):
        finding = found[f"membership.{attack}"]
        assert finding.figures["auc"] > 0.7
        assert finding.verdict == "fail"
        assert finding.interval is not None and finding.interval[0] > 0.6
    assert found["membership.loss"].figures["reference_auc"] == pytest.approx(0.5, abs=0.08)


def test_texts_that_were_learnt_by_heart_come_back_and_those_of_a_reference_do_not(release_writers: Path) -> None:
    learnt = checked(release_writers, "overfit", "unseen", **SETS)["extraction.prefix"]
    blank = checked(release_writers, "blank", "unseen", **SETS)["extraction.prefix"]
    assert learnt.figures["above_reference"] > 0.3 and learnt.verdict == "fail"
    assert blank.figures["mean"] == 0 and blank.verdict == "pass"


def test_exposure_of_a_canary_seen_1_10_and_100_times_rises(release_writers: Path) -> None:
    bits = [
        checked(release_writers, f"canary-{times}", canaries="canary.jsonl", canary_references="unplanted.jsonl")[
            "canaries"
        ].figures["highest"]
        for times in (1, 10, 100)
    ]
    assert bits[0] < bits[1] < bits[2]
    assert bits[2] == pytest.approx(math.log2(world.UNPLANTED + 1))


def test_a_canary_that_is_known_fails_the_model_and_is_named(release_writers: Path) -> None:
    found = checked(release_writers, "canary-100", canaries="canary.jsonl", canary_references="unplanted.jsonl")
    assert found["canaries"].verdict == "fail"
    assert found["canaries"].named == (world.CANARY,)
    assert found["membership"].verdict == found["extraction"].verdict == "not-run"


def test_what_so_few_texts_cannot_show_does_not_pass(release_writers: Path) -> None:
    found = checked(release_writers, "blank", canaries="canary.jsonl", canary_references="few.jsonl")["canaries"]
    assert found.ceiling == pytest.approx(math.log2(9))
    assert found.verdict == "warn" and "with these samples it could not have been more" in found.why


def test_of_a_classifier_word_for_word_has_no_meaning(release_classifier: Path) -> None:
    group = compose(["release=safe-default"]).group("release")
    found = gather(str(release_classifier), [], ReleaseSettings.from_group(group), ModelSettings())
    findings = run_checks(found.subject, Policy.from_group(group))
    applies = {finding.name: finding.applies for finding in findings}
    assert not any(applies[name] for name in ("canaries", "extraction", "inversion"))
    assert all(applies[name] for name in ("data", "supply.files", "membership", "evasion", "backdoors", "clusters"))
    assert missing(Policy.from_group(group).required, findings) == ("data", "evasion", "membership")
