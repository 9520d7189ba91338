"""Each rule by itself: what it says, when, and of what it says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.audit_watch.watch_sights import CHAIN, LIMITS, NAMES, NOW, ROLL, digest, private, public, sight, without

from orchestrator.audit.report import Finding
from orchestrator.audit.watch.alerts import KINDS, Source
from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.observation import Absence, Mark, ObjectsSeen, Observation, Owed
from orchestrator.audit.watch.rules import MOST, TOPICS, conditions
from orchestrator.audit.watch.state import Peak, State

BEFORE = State(peak=Peak(2, digest("head 2")), roll=ROLL)


def told(seen: Observation, state: State = BEFORE, limits: Limits = LIMITS) -> dict[str, str]:
    """Sentences by kind."""
    return {item.alert.kind.name: item.alert.text for item in conditions(state, seen, limits)}


def test_an_honest_look_says_nothing() -> None:
    assert conditions(BEFORE, sight(), LIMITS) == ()
    assert conditions(State(), sight(), LIMITS) == ()


def test_a_checkpoint_that_is_due_too_long() -> None:
    seen = sight(private=private(due={2: NOW - 90_000, 3: NOW - 7200, 4: NOW - 3700, 5: NOW - 60}))
    assert told(seen) == {"checkpoint-stalled": "checkpoint 3 has been due for 2 h and is not anchored, and 1 after it"}
    assert told(sight(private=private(due={3: NOW - 3600}))) == {}


def test_an_outsider_goes_by_the_last_anchor() -> None:
    seen = sight(private=None, objects=None, public=public(anchored_at=NOW - 200_000))
    assert told(seen) == {}
    text = told(seen, limits=replace(LIMITS, quiet_after=100_000))["checkpoint-stalled"]
    assert text == "nothing was anchored for 2 d, since checkpoint 2"


@pytest.mark.parametrize(
    ("heads", "text"),
    [
        ({1: digest("head 1")}, "ends at checkpoint 1"),
        ({1: digest("head 1"), 2: digest("other")}, f"has {digest('other')} there"),
        ({}, "ends at checkpoint 0"),
    ],
)
def test_a_checkpoint_that_fell(heads: dict[int, str], text: str) -> None:
    assert text in told(sight(public=public(heads=heads)))["checkpoint-fell"]


def test_a_chain_that_was_rewritten_or_stands() -> None:
    gone = replace(CHAIN, gone=Mark(99, digest("block 99")))
    seen = sight(private=private(chain=gone), public=public(chain=replace(CHAIN, timestamp=NOW - 901)))
    assert told(seen) == {
        "chain-rewritten": f"block 99 of the private chain was {digest('block 99')}, and the chain has another one"
        " now, or none",
        "chain-stands": "the newest block of the public chain, 100, is 15 min old",
    }


def test_members_that_changed() -> None:
    after = replace(ROLL, epoch=2, quorum=3, members=(*NAMES[:2], "delta"))
    seen = sight(public=public(roll=after), private=private(roll=after))
    assert told(seen) == {
        "members-changed": "epoch 2 follows epoch 1: delta joined; cumulus left; the quorum is 3, and was 2"
    }
    silent = replace(ROLL, epoch=2, digest=digest("epoch 2"))
    same = sight(public=public(roll=silent), private=private(roll=silent))
    assert "an authority key is another" in told(same)["members-changed"]


def test_members_that_differ_have_time_for_the_ceremony() -> None:
    after = replace(ROLL, epoch=2)
    found = conditions(BEFORE, sight(private=private(roll=after)), LIMITS)
    assert [(item.alert.kind.name, item.grace) for item in found] == [("members-differ", LIMITS.differ_after)]
    assert "public chain is in epoch 1, the private chain in epoch 2" in found[0].alert.text
    named = sight(private=private(roll=replace(ROLL, members=NAMES[:2])))
    assert "names aurora, borealis, cumulus with quorum 2, the private chain aurora, borealis" in str(told(named))
    rotated = told(sight(private=private(delegates_differ=NAMES[:1])))
    assert rotated == {"members-differ": "the delegate of aurora differs between the chains"}


def test_shredding_is_overdue_after_its_last_block() -> None:
    owed = Owed("0x12", 100, NAMES[1:])
    assert told(sight(private=private(owed=(owed,)))) == {}
    late = told(sight(private=private(owed=(replace(owed, due=90),))))
    assert late["shredding-overdue"] == (
        "revocation 0x12 lacks the shred receipt of borealis, cumulus, due 10 blocks ago"
    )


def test_tokens_that_no_claim_made() -> None:
    assert "minted 8, and claims make 7" in told(sight(public=public(supply=8)))["tokens-differ"]


def test_objects_are_missing_when_they_did_not_come_often_enough() -> None:
    absent = (Absence("Qm1", "the header", "nobody has it", 1), Absence("Qm2", "the task", "nobody has it", 2))
    assert told(sight(objects=ObjectsSeen(4, {}, absent))) == {"object-missing": "the task is missing: nobody has it"}


def test_findings_of_the_audit_by_topic() -> None:
    for topic, kind in TOPICS.items():
        seen = sight(findings={topic: (Finding("it", "one"), Finding("it", "two"))})
        assert told(seen) == {kind.name: "one; two"}
    seen = sight(findings={"attestations": (Finding("aurora", "equivocation: it signed different contents"),)})
    assert list(told(seen)) == ["equivocation"]


def test_silence_waits() -> None:
    found = conditions(BEFORE, without(Source.PRIVATE), LIMITS)
    assert [(item.alert.text, item.grace) for item in found] == [
        ("the private chain does not answer: no answer", LIMITS.silent_after)
    ]


def test_one_matter_is_one_condition_and_a_flood_is_bounded() -> None:
    many = tuple(Finding(f"checkpoint {number}", "it differs") for number in range(50))
    found = conditions(BEFORE, sight(findings={"checkpoints": many}), LIMITS)
    assert len(found) == MOST + 1
    assert found[-1].alert.text == "30 more of this kind are not told singly"
    twice = sight(findings={"awards": (Finding("ContributionToken", "its supply is 8"),)}, public=public(supply=8))
    assert [item.alert.text for item in conditions(BEFORE, twice, LIMITS)] == [
        "the token says it has minted 8, and claims make 7; its supply is 8"
    ]


def test_every_kind_is_known_and_says_what_to_do() -> None:
    assert all(kind.meaning and kind.mend and name == kind.name for name, kind in KINDS.items())
