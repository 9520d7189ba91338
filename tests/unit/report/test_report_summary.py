"""What counts as a summary, and how a wrong one is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import report_sample as sample
from anything import JSON, places, with_value
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import FormatError
from orchestrator.report import render
from orchestrator.report.summary import parse

Change = Callable[[dict[str, Any]], Any]

WRONG: dict[str, tuple[Change, str]] = {
    "another schema": (lambda s: s.update(schema="loranchor/summary/2"), "schema is 'loranchor/summary/2'"),
    "no schema": (lambda s: s.pop("schema"), "schema is missing"),
    "no experiment": (lambda s: s.pop("experiment"), "experiment is missing"),
    "unknown metric": (lambda s: s.update(metric="bleu"), "metric is 'bleu', not one of loss, accuracy"),
    "rounds as an object": (lambda s: s.update(rounds={}), "rounds must be a list, not an object"),
    "gas as a text": (
        lambda s: s["rounds"][1]["gas"].update(public="71234"),
        "rounds[1].gas.public must be an integer",
    ),
    "gas as a flag": (lambda s: s["rounds"][0]["gas"].update(public=True), "rounds[0].gas.public must be an integer"),
    "negative bytes": (lambda s: s["bytes_sent"].update(aurora=-1), "bytes_sent.aurora must be 0 or more, not -1"),
    "weight as a text": (
        lambda s: s["rounds"][0]["updates"][2].update(weight="1"),
        "rounds[0].updates[2].weight must be a number",
    ),
    "no organisation": (
        lambda s: s["rounds"][0]["updates"][0].pop("organisation"),
        "updates[0].organisation is missing",
    ),
    "infinite loss": (
        lambda s: s["held_out"]["aurora"].update(base=float("inf")),
        "held_out.aurora.base must be a finite number",
    ),
    "huge integer": (
        lambda s: s["held_out"]["aurora"].update(base=10**400),
        "held_out.aurora.base must be a finite number",
    ),
    "award as a number": (lambda s: s["tokens"]["awarded"].update(aurora=5), "tokens.awarded.aurora must be a text"),
    "award with a sign": (
        lambda s: s["tokens"]["awarded"].update(aurora="-5"),
        "tokens.awarded.aurora must be decimal digits",
    ),
    "audit without a verdict": (lambda s: s["audit"].pop("ok"), "audit.ok is missing"),
    "verdict as a text": (lambda s: s["audit"].update(ok="yes"), "audit.ok must be true or false, not a text"),
    "note as an object": (lambda s: s["notes"].append({}), "notes[1] must be a text, not an object"),
    "environment as a list": (lambda s: s["environment"].update(cpu=[]), "environment.cpu must be a text or a number"),
}


@pytest.mark.parametrize("change, message", WRONG.values(), ids=WRONG.keys())
def test_wrong_members_are_named(change: Change, message: str) -> None:
    document = sample.summary()
    change(document)
    with pytest.raises(FormatError) as caught:
        render(document)
    assert message in str(caught.value)
    assert caught.value.mend


@pytest.mark.parametrize("document", [None, [], "text", 3, True])
def test_only_an_object_is_a_summary(document: Any) -> None:
    with pytest.raises(FormatError, match="the whole must be an object"):
        render(document)


def test_null_and_absent_are_the_same() -> None:
    absent, null = sample.summary(), sample.summary()
    for key in [key for key in absent if key not in ("schema", "experiment", "metric")]:
        del absent[key]
        null[key] = None
    assert parse(absent) == parse(null)


def test_unknown_members_are_left_alone() -> None:
    document = sample.summary()
    document["later"] = {"anything": [1, 2]}
    document["rounds"][0]["later"] = "anything"
    assert parse(document) == parse(sample.summary())


def test_everyone_who_is_mentioned_is_an_organisation() -> None:
    document = sample.summary()
    document["consortium"]["organisations"] = ["cumulus"]
    document["rounds"][0]["updates"][0]["organisation"] = "delphi"
    assert parse(document).organisations == ("cumulus", "aurora", "borealis", "delphi")


def test_one_failed_check_outweighs_the_verdict() -> None:
    document = sample.summary()
    document["audit"]["checks"][0]["ok"] = False
    audit = parse(document).audit
    assert audit is not None and audit.ok and not audit.agrees


@settings(max_examples=150, deadline=None)
@given(place=st.sampled_from(places(sample.summary())), value=JSON)
def test_any_member_may_be_anything(place: tuple[Any, ...], value: Any) -> None:
    """A page or a FormatError, never another error."""
    document = with_value(sample.summary(), place, value)
    try:
        page = render(document)
    except FormatError:
        return
    assert page.rstrip().endswith("</html>")
