"""The chapter on revocations: every step, what it did to the model, receipts and what is late."""

from __future__ import annotations

import json
from typing import Any

import pytest
import report_sample as sample
from page_reader import NASTY, Tags, nothing_foreign, with_words

from orchestrator.errors import FormatError
from orchestrator.report import render
from orchestrator.report.steps import STEPS, steps_of
from orchestrator.report.summary import parse

ADDED = [
    "scope",
    "owners",
    "approved_by",
    "urgent",
    "awards",
    "lineage",
    "hardening",
    "trained_again",
    "stage",
    "waiting",
    "waiting_for",
    "overdue",
    "events",
]


@pytest.fixture
def document() -> dict[str, Any]:
    return sample.summary()


@pytest.fixture
def late(document: dict[str, Any]) -> dict[str, Any]:
    """Of two requests the second waits for a receipt."""
    document["revocations"].append(sample.late_replay())
    return document


def text_of(document: dict[str, Any]) -> str:
    text = nothing_foreign(render(document)).text
    return text[text.index("Request") :] if "Step by step" in text else text


def test_each_step_says_who_where_and_when(document: dict[str, Any]) -> None:
    steps = steps_of(parse(document).revocations[0])
    assert [step.name for step in steps] == list(STEPS)
    assert {step.state for step in steps} == {"done"}
    assert [len(step.marks) for step in steps] == [1, 1, 1, 1, 1, 3, 3, 1, 3]
    text = text_of(document)
    assert (
        "Requested Somebody asked for contributions to leave the model. cumulus block 40, 2025-01-02 03:00:40 UTC"
        in text
    )
    assert "with the end of round 2 block 44" in text
    assert "borealis completes the quorum block 51" in text
    assert "checkpoint 3 public block 31, 2025-01-02 03:03:51 UTC" in text
    assert "certified and shredded by every member" in text and "overdue" not in text


def test_what_left_stayed_and_returned(late: dict[str, Any]) -> None:
    text = text_of(late)
    assert "Left (2) cumulus, round 1" in text and "Stayed, though trained on top (2) aurora, round 2" in text
    assert "Returned Nothing: no older contribution took the place of one that left." in text
    assert "Left (3) borealis, round 1" in text and "Returned (1) cumulus, round 1" in text
    assert "Hardening: none joined the manifest." in text
    assert "weight-distortion, σ = 0.01. A member can leave it out of its own copy" in text


def test_what_is_overdue_is_named(late: dict[str, Any]) -> None:
    text = text_of(late)
    assert "certified, receipts are missing overdue by 12 blocks urgent" in text
    assert "Waits for shred receipts (2 of 3) from borealis (overdue by 12 blocks)" in text
    assert "borealis no receipt, overdue by 12 blocks" in text
    assert "1 of 2 requests overdue" in Tags(render(late)).text
    last = steps_of(parse(late).revocations[1])[-1]
    assert (last.name, last.state, [mark.organisation for mark in last.marks]) == (
        "shredded", "late", ["aurora", "cumulus"],
    )  # fmt: skip


def test_what_is_not_late_yet_waits(late: dict[str, Any]) -> None:
    late["revocations"][1].update(overdue=0, waiting="shred receipts (2 of 3) from borealis (due by block 99)")
    text = text_of(late)
    assert "borealis no receipt" in text and "overdue" not in text


def test_a_request_that_lacks_support_has_its_other_steps_ahead(late: dict[str, Any]) -> None:
    found = late["revocations"][1]
    found.update(stage="requested", events=found["events"][:1], waiting="1 more support from borealis", overdue=0)
    found.update(certificate_digest=None, sequence=None, shred_receipts=[], results=[], lineage=None, hardening=None)
    steps = steps_of(parse(late).revocations[1])
    assert [step.state for step in steps] == ["done", "waiting", *["ahead"] * 7]
    text = text_of(late)
    assert "Waits for 1 more support from borealis" in text and "waits for support" in text
    assert "What left, stayed and returned: not recorded" in text


def test_rounds_to_be_trained_again_and_who_is_missing(late: dict[str, Any]) -> None:
    text = text_of(late)
    assert "2 rounds are to be trained again; the certificate did not wait for them. 1 still to come." in text
    assert "With aurora, borealis: round 3, without borealis" in text and "With aurora: not yet" in text
    late["revocations"][1]["trained_again"] = {"problem": "no object"}
    assert "Which rounds are to be trained again is not known: no object" in text_of(late)
    late["revocations"][1].update(mode="heal", trained_again={"needed": [], "done": [{"round": 5}], "left": 0})
    assert "Rounds of recovery since: round 5." in text_of(late)


def test_the_figures_are_bars_before_and_after(document: dict[str, Any]) -> None:
    page = render(document)
    plot = page[page.index('id="revocation-1-figures-1-title"') :].split("</svg>")[0]
    assert "aurora, before: 3.515" in plot and "cumulus, after: 3.308" in plot
    assert plot.count('class="b0"') == plot.count('class="b1"') == 3 + 1
    document["revocations"][0]["results"][0]["metric"] = "accuracy"
    document["revocations"][0]["results"][0].update(before=0.8, after=0.75)
    page = render(document)
    assert "aurora, after: 75.0\u00a0%" in page and 'id="revocation-1-figures-2-title"' in page


def test_the_certificate_says_what_it_cannot_promise(document: dict[str, Any]) -> None:
    text = text_of(document)
    assert "What it cannot promise: Whoever opened a revoked update" in text
    assert "Relearning: not evaluated. The members did not try" in text
    assert "No attack was tried on the model of this page." in text
    assert "stands with it under Revocations" in text


def test_an_older_summary_reads_as_before(document: dict[str, Any]) -> None:
    del document["revocations"]
    for name in ADDED:
        del document["revocation"][name]
    text = text_of(document)
    assert "Steps: not recorded" in text and "consent withdrawn" in text and "Shred receipts" not in text
    assert sample.digest("receipt aurora")[:10] in text and "+0.053" in text


def test_a_run_without_one_says_so() -> None:
    text = text_of({"schema": "loranchor/summary/1", "experiment": "nothing_yet", "metric": "loss"})
    assert "No contribution was taken out in this run, or it is not recorded." in text
    assert "No attack was tried" not in text


def test_every_word_of_a_revocation_is_untrusted(late: dict[str, Any]) -> None:
    told = json.loads(json.dumps(late["revocations"]))
    late["revocations"] = with_words(told, NASTY)
    for found in late["revocations"]:
        for event in found["events"]:
            event["step"] = "supported"
    del late["revocation"]
    page = render(late)
    assert "<img" not in page
    assert Tags(page).text.count("alert('1')") > 60
    nothing_foreign(page.replace(NASTY.replace("&", "&amp;").replace("<", "&lt;"), ""))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"events": [{"block": 1}]}, "revocations[0].events[0].step is missing"),
        ({"overdue": -1}, "revocations[0].overdue must be 0 or more"),
        ({"lineage": {"leaves": [{}]}}, "revocations[0].lineage.leaves[0].update_id is missing"),
        ({"trained_again": {"needed": ["x"]}}, "revocations[0].trained_again.needed[0] must be a list, not a text"),
        ({"urgent": "yes"}, "revocations[0].urgent must be true or false"),
    ],
)
def test_wrong_members_of_a_revocation_are_named(
    document: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    del document["revocation"]
    document["revocations"][0].update(change)
    with pytest.raises(FormatError) as caught:
        render(document)
    assert message in str(caught.value)
