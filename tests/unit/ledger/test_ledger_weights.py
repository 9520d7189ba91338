"""Integer weights: exact sums whatever the numbers, and the rules on a ledger."""

from __future__ import annotations

import dataclasses
import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, task
from unit.ledger.history import History

from orchestrator.ledger.awards import awards
from orchestrator.ledger.entities import Update, Verdict
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.ledger.weights import (
    ONE,
    capped,
    lower_median,
    raw_samples,
    settled_score,
    shares,
    upper_median,
    weight_cap,
)
from orchestrator.types import MILLION, OrganisationId


@given(st.lists(st.integers(0, 2**63), min_size=1, max_size=300))
def test_shares_sum_to_exactly_one(raw: list[int]) -> None:
    weights = shares(raw)
    assert sum(weights) == ONE
    assert all(weight >= 0 for weight in weights)
    if total := sum(raw):
        rest = zip(weights[1:], raw[1:], strict=True)
        assert all(weight == ONE * value // total for weight, value in rest)
        assert weights[0] - ONE * raw[0] // total < len(raw)


@given(st.integers(1, 500))
def test_equal_shares_give_the_remainder_to_the_first(count: int) -> None:
    weights = shares([1] * count)
    assert weights == [ONE // count + ONE % count] + [ONE // count] * (count - 1)
    assert shares([0] * count) == weights


def test_no_shares_of_nothing_and_no_negative_ones() -> None:
    assert shares([]) == []
    with pytest.raises(ValueError, match="negative"):
        shares([1, -1])


@given(st.lists(st.integers(), min_size=1))
def test_lower_median(values: list[int]) -> None:
    middle = lower_median(values)
    assert middle in values
    assert sum(value < middle for value in values) <= (len(values) - 1) // 2
    assert sum(value > middle for value in values) <= len(values) // 2


@given(st.lists(st.integers(), min_size=1))
def test_upper_median(values: list[int]) -> None:
    middle = upper_median(values)
    assert middle in values
    assert middle == -lower_median([-value for value in values])


VERDICTS = st.builds(Verdict, st.booleans(), st.integers(0, MILLION), st.integers(-(10**9), 10**9))


@functools.cache
def an_update() -> Update:
    history = History()
    history.open_round()
    update_id = history.submit(AURORA)
    return history.state.updates[update_id]


def judged(owner: int, said: list[Verdict]) -> Update:
    """An update of the member at a place, with what each member says of it."""
    update = an_update()
    names = [OrganisationId(f"member-{place}") for place in range(len(said))]
    return dataclasses.replace(update, organisation=names[owner], verdicts=dict(zip(names, said, strict=True)))


@pytest.mark.parametrize("members", range(3, 10))
@given(st.data())
def test_a_minority_settles_neither_scores_nor_caps(members: int, data: st.DataObject) -> None:
    """However f < n/2 judge: no honest update falls below all honest words, no liar's update rises above them."""
    liars = data.draw(st.integers(1, (members - 1) // 2))
    said = data.draw(st.lists(VERDICTS, min_size=members, max_size=members))
    for owner in (0, members - 1):
        honest = [item for place, item in enumerate(said) if place >= liars and place != owner]
        caps = [item.weight_cap if item.accept else 0 for item in honest]
        scores = [max(0, item.score) for item in honest]
        update = judged(owner, said)
        if owner == 0:  # a liar's
            assert weight_cap(update) <= max(caps)
            assert settled_score(update) <= max(scores)
        else:
            assert weight_cap(update) >= min(caps)
            assert settled_score(update) >= min(scores)


@given(st.integers(3, 9), st.data())
def test_what_counts_as_active_keeps_a_cap_above_zero(members: int, data: st.DataObject) -> None:
    """Refusals cap at 0, and a quorum that accepts (more than half, the owner with it) still outvotes them."""
    quorum = members // 2 + 1
    accepts = data.draw(st.integers(quorum - 1, members - 1))
    rest = data.draw(st.lists(st.sampled_from([Verdict(False, MILLION), None]), max_size=members - 1 - accepts))
    said = [Verdict(True), *[Verdict(True, 5)] * accepts, *(item for item in rest if item)]
    assert weight_cap(judged(0, said)) == 5


def test_one_hostile_member_of_three_takes_nothing_from_the_others() -> None:
    history, spec = History(), task()
    history.open_round(spec)
    updates = {name: history.submit(name) for name in MEMBERS}
    for update in updates.values():
        history.release(update)
    history.judge(AURORA, dict.fromkeys(updates.values(), 50))
    history.judge(BOREALIS, dict.fromkeys(updates.values(), 50))
    others = {updates[name]: 0 for name in (AURORA, BOREALIS)}
    history.judge(CUMULUS, {**others, updates[CUMULUS]: 10**9}, caps=others)
    history.close()
    assert [entry.weight for entry in build_manifest(history.state, spec, history.tasks).entries] == shares([1, 1, 1])
    assert [item.amount for item in awards(history.state, 1, 3 * MILLION)] == [MILLION] * 3


def test_a_cap_loses_weight_to_nobody() -> None:
    assert capped(ONE, MILLION) == ONE
    assert capped(ONE, 2 * MILLION) == ONE
    assert capped(ONE, MILLION // 2) == ONE // 2
    assert capped(3, 1) == 0


def weights_of(manifest: Manifest) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for entry in manifest.entries:
        found.setdefault(entry.organisation, []).append(entry.weight)
    return found


def test_uniform_weights_sum_to_one_in_each_round() -> None:
    history, spec = History(), task()
    history.round(spec)
    history.round(spec, participants=[AURORA, CUMULUS])
    manifest = build_manifest(history.state, spec, history.tasks)
    for number, count in ((1, 3), (2, 2)):
        weights = [entry.weight for entry in manifest.entries if entry.round == number]
        assert len(weights) == count
        assert sum(weights) == ONE


def test_samples_are_capped_at_twice_the_lower_median() -> None:
    history, spec = History(), task(weights="samples")
    history.round(spec, samples={AURORA: 100, BOREALIS: 300, CUMULUS: 10**15})
    weights = weights_of(build_manifest(history.state, spec, history.tasks))
    raw = [100, 300, 600]
    assert [weights[name][0] for name in MEMBERS] == shares(raw)
    assert raw_samples([]) == []


def test_zero_samples_weigh_the_same() -> None:
    history, spec = History(), task(weights="samples")
    history.round(spec, samples=dict.fromkeys(MEMBERS, 0))
    weights = weights_of(build_manifest(history.state, spec, history.tasks))
    assert [weights[name][0] for name in MEMBERS] == shares([1, 1, 1])


def test_scores_of_earlier_rounds_weigh_later_ones() -> None:
    history, spec = History(), task(weights="scores")
    history.round(spec, participants=[AURORA, BOREALIS], scores={AURORA: 30, BOREALIS: 10})
    history.round(spec, scores={AURORA: 0, BOREALIS: 999, CUMULUS: 0})
    weights = weights_of(build_manifest(history.state, spec, history.tasks))
    assert [weights[AURORA][0], weights[BOREALIS][0]] == shares([1, 1])
    # cumulus is new and counts as the lower median of the others
    assert [weights[AURORA][1], weights[BOREALIS][1], weights[CUMULUS][0]] == shares([30, 10, 10])


def test_a_revoked_contribution_earns_no_weight_later() -> None:
    history, spec = History(), task(weights="scores")
    first = history.round(spec, scores={AURORA: 90, BOREALIS: 10, CUMULUS: 10})
    history.replace(history.request(AURORA, [first[AURORA]]))
    history.round(spec)
    weights = weights_of(build_manifest(history.state, spec, history.tasks))
    assert [weights[AURORA][-1], weights[BOREALIS][1], weights[CUMULUS][1]] == shares([10, 10, 10])


def test_the_upper_median_of_the_others_caps_counts() -> None:
    history, spec = History(), task()
    history.open_round(spec)
    update = history.submit(AURORA)
    history.release(update)
    history.judge(AURORA, {update: 1}, caps={update: 1})
    history.judge(BOREALIS, {update: 1}, caps={update: 400_000})
    history.judge(CUMULUS, {update: 1}, caps={update: 900_000})
    history.close()
    (entry,) = build_manifest(history.state, spec, history.tasks).entries
    assert entry.weight == ONE * 900_000 // MILLION


def test_who_refuses_an_update_would_cap_it_at_nothing() -> None:
    history, spec = History(), task()
    history.open_round(spec)
    update = history.submit(AURORA)
    history.release(update)
    assert weight_cap(history.state.updates[update]) == MILLION
    history.judge(BOREALIS, {update: 1}, rejects=[update])
    assert weight_cap(history.state.updates[update]) == 0
    history.judge(CUMULUS, {update: 1}, caps={update: 400_000})
    assert weight_cap(history.state.updates[update]) == 400_000


def test_isolated_weighs_the_last_contribution_of_each_over_the_whole_manifest() -> None:
    history, spec = History(), task(lineage="isolated")
    history.round(spec)
    second = history.round(spec, participants=[BOREALIS])
    manifest = build_manifest(history.state, spec, history.tasks)
    assert [(entry.round, entry.organisation) for entry in manifest.entries] == [
        (1, AURORA),
        (1, CUMULUS),
        (2, BOREALIS),
    ]
    assert sum(entry.weight for entry in manifest.entries) == ONE
    history.request(BOREALIS, [second[BOREALIS]])
    again = build_manifest(history.state, spec, history.tasks)
    assert [(entry.round, entry.organisation) for entry in again.entries] == [(1, name) for name in MEMBERS]


def test_settled_scores_leave_out_the_owner_and_go_down_to_zero() -> None:
    history = History()
    history.open_round()
    update = history.submit(AURORA)
    history.release(update)
    assert settled_score(history.state.updates[update]) == 0
    history.judge(AURORA, {update: 10**6})
    assert settled_score(history.state.updates[update]) == 0
    history.judge(BOREALIS, {update: 70})
    assert settled_score(history.state.updates[update]) == 70
    history.judge(CUMULUS, {update: -5})
    assert settled_score(history.state.updates[update]) == 70


def test_a_settled_score_is_never_negative() -> None:
    history = History()
    history.open_round()
    update = history.submit(AURORA)
    history.release(update)
    history.judge(BOREALIS, {update: -70})
    history.judge(CUMULUS, {update: -5})
    assert settled_score(history.state.updates[update]) == 0
