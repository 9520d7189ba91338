"""The verdict rule, and a report that cannot claim another verdict than its rows give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.errors import ConfigurationError, DataError, FormatError, ProtocolError
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.release.check import Finding, Subject, Verdict, not_run
from orchestrator.release.policy import Bound, Policy, missing, verdict_of
from orchestrator.release.registry import run_checks
from orchestrator.release.report import ReleaseReport, Row
from orchestrator.release.signed import SignedReport
from orchestrator.types import Digest, OrganisationId

ABOVE, BELOW = Bound(0.55, 0.6), Bound(0.6, 0.5, "below")
ONE, TWO = (Digest("0x" + byte * 32) for byte in ("11", "22"))


def found(name: str, figure: float, interval: tuple[float, float] | None = None, **more: Any) -> Finding:
    return Finding(name, "pass", {"auc": figure}, "auc", interval, **more)


def policy(*required: str, **bounds: Bound) -> Policy:
    return Policy("mine", frozenset(required), bounds, {})


@pytest.mark.parametrize(
    ("bound", "figure", "interval", "verdict"),
    [
        (ABOVE, 0.5, (0.48, 0.52), "pass"),
        (ABOVE, 0.55, None, "pass"),
        (ABOVE, 0.56, (0.54, 0.58), "warn"),
        (ABOVE, 0.52, (0.4, 0.61), "warn"),
        (ABOVE, 0.61, (0.5, 0.7), "fail"),
        (BELOW, 0.7, (0.65, 0.75), "pass"),
        (BELOW, 0.7, (0.45, 0.75), "warn"),
        (BELOW, 0.55, None, "warn"),
        (BELOW, 0.49, None, "fail"),
    ],
)
def test_a_figure_is_judged_by_its_bound_and_by_how_far_its_interval_reaches(
    bound: Bound, figure: float, interval: tuple[float, float] | None, verdict: Verdict
) -> None:
    judged = policy(one=bound).judged(found("one", figure, interval))
    assert judged.verdict == verdict and judged.threshold == bound.fail


def test_a_figure_that_could_not_have_failed_does_not_pass() -> None:
    assert policy(one=ABOVE).judged(found("one", 0.5, ceiling=0.59)).verdict == "warn"
    assert policy(one=ABOVE).judged(found("one", 0.5, ceiling=0.61)).verdict == "pass"


def test_what_is_demanded_and_not_run_fails_unless_it_has_no_meaning() -> None:
    told = [found("one.part", 0.5), not_run("two", "no data")]
    assert verdict_of(["one"], told) == "pass"
    assert missing(["one", "two", "three"], told) == ("three", "two")
    assert verdict_of(["two"], told) == "fail"
    assert verdict_of(["two"], [not_run("two", "an image model", applies=False)]) == "pass"


@pytest.mark.parametrize(
    "group",
    [
        {"required": "membership", "bounds": {}, "checks": {}},
        {"required": [], "bounds": {"membership": {"warn": 1}}, "checks": {}},
        {"required": [], "bounds": {"membership": {"warn": 2, "fail": 1}}, "checks": {}},
        {"required": [], "bounds": {"membership": {"warn": 1, "fail": 2, "worse": "left"}}, "checks": {}},
        {"required": [], "bounds": [], "checks": {}},
    ],
)
def test_a_policy_without_meaning_is_refused(group: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"release\."):
        Policy.from_group(group)


def test_a_policy_cannot_name_a_check_that_does_not_exist(tmp_path: Any) -> None:
    with pytest.raises(ConfigurationError, match="'nope'"):
        run_checks(Subject(tmp_path, "causal_lm"), policy("nope"))


def test_a_figure_that_is_no_number_is_no_finding() -> None:
    with pytest.raises(DataError, match="no number"):
        found("one", float("nan"))
    with pytest.raises(DataError, match="no number"):
        Finding("one", "pass", {}, "auc")


def report(*rows: Finding, required: tuple[str, ...] = ()) -> ReleaseReport:
    return ReleaseReport(
        ONE, TWO, (), "causal_lm", "mine", ONE, required, {"members": (TWO, 4)}, tuple(map(Row.of, rows)), ONE, {}
    )


def test_a_report_is_read_as_it_was_written() -> None:
    written = report(found("one", -0.25, (-0.5, 0.125), named=("a secret",)), not_run("two", "why"), required=("two",))
    assert ReleaseReport.from_bytes(written.to_bytes()) == written
    assert written.verdict == "fail" and written.missing == ("two",)


@pytest.mark.parametrize(("member", "value"), [("verdict", "pass"), ("missing", []), ("version", 2), ("kind", "other")])
def test_a_report_cannot_claim_what_does_not_follow(member: str, value: Any) -> None:
    document = report(not_run("two", "why"), required=("two",)).document() | {member: value}
    with pytest.raises(FormatError, match=member):
        ReleaseReport.from_bytes(canonical_bytes(document))


def test_a_signed_report_with_one_figure_changed_is_refused() -> None:
    signed = SignedReport(report(found("one", 0.5)), OrganisationId("aurora"), bytes(64) + b"\x1b")
    assert SignedReport.from_bytes(signed.to_bytes()) == signed
    document = signed.document()
    document["report"]["findings"][0]["figures"]["auc"] += 1
    with pytest.raises(FormatError, match="is not its report's"):
        SignedReport.from_bytes(canonical_bytes(document))
    with pytest.raises(ProtocolError):
        signed.signer()
