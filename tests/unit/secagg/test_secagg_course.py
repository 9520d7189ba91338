"""A masked round over records as the contracts tell them: who counts, what is next, and when nothing can come of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.ledger.actors import CHAIN_ID, CONTRACTS, cid_of, task, word_of
from unit.ledger.history import History

from orchestrator.ledger.entities import Artefact, LedgerState, Round
from orchestrator.ledger.ids import artefact_id_of, round_subject
from orchestrator.ledger.masked_rounds import (
    CARRIERS,
    KEYS,
    MASKED,
    PATIENCE,
    REVEAL,
    SHARES,
    Act,
    Course,
    Part,
    Step,
    carriers,
    chosen,
    course,
    least_carriers,
    shared_awards,
    steps,
    weight_cap,
)
from orchestrator.ledger.records import Position
from orchestrator.ledger.weights import capped
from orchestrator.types import ArtefactId, OrganisationId

FIVE = tuple(OrganisationId(name) for name in ("aurora", "borealis", "cumulus", "dune", "ember"))
SUBMIT = 400
"""Blocks: all records of a test fit into a part, each being a block."""


class Play(History):
    """Five members, four of whom must agree, in one round."""

    def __init__(self, submit: int = SUBMIT) -> None:
        super().__init__(FIVE, quorum=4)
        deadlines = {"submit": submit, "release": 10, "commit": 10, "reveal": 10}
        self.number = self.open_round(task(deadlines=deadlines))

    @property
    def found(self) -> Round:
        return self.state.rounds[self.number]

    @property
    def now(self) -> Course:
        return course(self.state, self.found, self.block + 1)

    def steps(self, me: OrganisationId) -> list[Step]:
        return list(steps(self.state, self.found, me, self.block + 1))

    def acts(self, me: OrganisationId) -> list[Act]:
        return [step.act for step in self.steps(me)]

    def put(self, kind: str, me: OrganisationId, endorsers: int = 3) -> ArtefactId:
        """Proposes an object of the round, and has others endorse it; with three it is agreed on."""
        number = len(self.state.artefacts) + 1
        found = artefact_id_of(CHAIN_ID, CONTRACTS["ArtefactRegistry"], number)
        named = {"kind": kind, "subject": round_subject(self.number), "digest": word_of(kind, me, number)}
        told = {"artefact_id": found, "organisation": me, **named, "cid": cid_of(kind, me, number)}
        self.tell("ArtefactProposed", me, **told)
        self.tell("ArtefactEndorsed", me, same_transaction=True, artefact_id=found, organisation=me, deviation=0)
        for name in [item for item in FIVE if item != me][:endorsers]:
            self.endorse_artefact(found, name)
        if endorsers == 3:
            self.agree(found, me)
        return found

    def deal(self, names: tuple[OrganisationId, ...] = FIVE) -> None:
        for name in names:
            self.put(KEYS, name)
            self.put(SHARES, name)

    def until(self, part: Part) -> None:
        """On to the first block of the next part."""
        self.mine(self.now.ends[part] - self.block)


def test_everybody_announces_deals_and_checks_the_others_first() -> None:
    play = Play()
    assert play.now.part is Part.DEAL
    assert play.acts(FIVE[0]) == [Act.ANNOUNCE, Act.DEAL]
    keys = play.put(KEYS, FIVE[1], endorsers=0)
    assert Step(Act.CHECK, keys) in play.steps(FIVE[0])
    play.endorse_artefact(keys, FIVE[0])
    assert Step(Act.CHECK, keys) not in play.steps(FIVE[0])
    assert play.acts(FIVE[1]) == [Act.DEAL]


def test_a_part_is_over_when_all_are_through() -> None:
    play = Play()
    play.deal()
    assert play.now.part is Part.SEND
    assert play.now.dealers == FIVE
    assert play.acts(FIVE[2]) == [Act.SEND]
    for name in FIVE:
        play.put(MASKED, name)
    assert (play.now.part, play.now.survivors) == (Part.REVEAL, FIVE)
    for name in FIVE:
        assert play.acts(name) == [Act.REVEAL]
        play.put(REVEAL, name, endorsers=0)
    assert (play.now.part, play.now.holders, play.now.broken) == (Part.SUM, FIVE, "")


def test_what_no_quorum_agreed_on_in_time_does_not_count() -> None:
    play = Play()
    play.deal(FIVE[:4])
    play.put(KEYS, FIVE[4])
    late = play.put(SHARES, FIVE[4], endorsers=2)
    assert play.now.part is Part.DEAL
    play.until(Part.DEAL)
    assert (play.now.part, play.now.dealers, play.now.broken) == (Part.SEND, FIVE[:4], "")
    play.endorse_artefact(late, FIVE[2])
    play.agree(late, FIVE[0])
    assert play.now.dealers == FIVE[:4]
    assert play.acts(FIVE[4]) == [], "it trains for nothing, and goes on checking for the others"


def test_only_the_first_object_of_a_member_is_looked_at() -> None:
    play = Play()
    first, second = play.put(KEYS, FIVE[1], endorsers=0), play.put(KEYS, FIVE[1], endorsers=0)
    checks = [step.artefact for step in play.steps(FIVE[0])]
    assert first in checks
    assert second not in checks


def test_a_masked_update_from_before_the_dealers_were_known_is_none() -> None:
    play = Play()
    play.put(MASKED, FIVE[0])
    play.deal()
    for name in FIVE[1:]:
        play.put(MASKED, name)
    play.until(Part.SEND)
    assert play.now.survivors == FIVE[1:]


def test_too_few_dealers_break_the_round_and_everybody_passes() -> None:
    play = Play()
    play.deal(FIVE[:3])
    play.until(Part.DEAL)
    assert play.now.broken == "3 members have dealt, 4 must"
    assert play.acts(FIVE[0]) == [Act.PASS]


def test_too_few_updates_break_it_and_nothing_is_revealed() -> None:
    play = Play()
    play.deal()
    for name in FIVE[:3]:
        play.put(MASKED, name)
    play.until(Part.SEND)
    assert play.now.broken == "3 members have sent, 4 must"
    assert play.acts(FIVE[0]) == [Act.PASS]


def test_too_few_reveals_break_it() -> None:
    play = Play()
    play.deal()
    for name in FIVE[:4]:
        play.put(MASKED, name)
    play.until(Part.SEND)
    assert play.acts(FIVE[4]) == [Act.REVEAL], "who dropped out may still help"
    for name in FIVE[:3]:
        play.put(REVEAL, name, endorsers=0)
    play.until(Part.REVEAL)
    assert play.now.broken == "3 members have revealed, 4 must"


def summed(play: Play) -> Play:
    """Up to the part in which the sum is submitted; ember sent nothing."""
    play.deal()
    for name in FIVE[:4]:
        play.put(MASKED, name)
    play.until(Part.SEND)
    for name in FIVE:
        play.put(REVEAL, name, endorsers=0)
    return play


def test_two_carriers_submit_and_the_others_pass() -> None:
    play = summed(Play())
    first, second, third, _ = order = carriers(play.found, play.now.survivors)
    assert set(order) == set(FIVE[:4])
    assert [name for name in FIVE if play.acts(name) == [Act.SUBMIT]] == sorted((first, second))
    play.submit(first)
    assert play.acts(first) == []
    assert play.acts(third) == [], "the second carrier may still come"
    play.mine(PATIENCE)
    assert play.acts(third) == [Act.SUBMIT]
    play.submit(second)
    assert play.acts(third) == [Act.PASS]
    assert play.acts(FIVE[4]) == [Act.PASS]
    assert CARRIERS == 2


def test_what_others_submit_lets_no_carrier_pass() -> None:
    """Or two members could submit anything at once, and nobody the sum."""
    play = summed(Play())
    order = carriers(play.found, play.now.survivors)
    for name in (order[2], order[3]):
        play.submit(name)
    assert [name for name in FIVE if play.acts(name) == [Act.SUBMIT]] == sorted(order[:2])
    play.submit(order[0])
    assert play.acts(order[1]) == [Act.SUBMIT]
    assert play.acts(FIVE[4]) == []


def test_a_sum_of_two_is_none_whatever_the_quorum() -> None:
    play = Play()
    play.deal()
    for name in FIVE[:2]:
        play.put(MASKED, name)
    play.until(Part.SEND)
    found = replace(play.found, quorum=2)
    assert course(play.state, found, play.block + 1).broken == "2 members have sent, 3 must"


def test_more_carry_where_a_quorum_can_do_without_more() -> None:
    found = Play().found
    assert [least_carriers(replace(found, quorum=quorum)) for quorum in (3, 4, 5)] == [3, 2, 2]


def test_the_first_right_sum_is_accepted() -> None:
    play = summed(Play())
    first, second = carriers(play.found, play.now.survivors)[:2]
    wrong, right = play.submit(first), play.submit(second)
    assert chosen(play.found, frozenset({wrong, right})) == wrong
    assert chosen(play.found, frozenset({right})) == right
    assert chosen(play.found, frozenset()) is None


def test_the_weight_caps_make_a_mean_of_the_sum() -> None:
    """What is lost is less than owners parts in a million, and the same for everybody."""
    one = 1 << 32
    for count in range(3, 256):
        weight = capped(one, weight_cap(FIVE[:1] * count))
        assert 0 <= one - weight * count < one * count // 1_000_000 + count


def test_awards_are_equal_over_the_owners_that_judged() -> None:
    play = summed(Play())
    owners = play.now.survivors
    update = play.submit(carriers(play.found, owners)[0])
    play.release(update)
    for name in FIVE[1:]:
        play.judge(name, {update: 0})
    play.close()
    listed = shared_awards(play.state, play.found, 1000, update, owners)
    accounts = [play.found.members[name].authority for name in FIVE[1:4]]
    assert [(item.index, item.account, item.amount) for item in listed] == [
        (index, account, 250) for index, account in enumerate(accounts)
    ]
    assert shared_awards(play.state, play.found, 3, update, owners) == ()


def test_a_round_of_others_is_nobodys_business() -> None:
    play = Play()
    assert play.acts(OrganisationId("stranger")) == []
    other = play.state.with_(artefacts={})
    assert course(other, play.found, play.block).dealers == ()


# -- whatever is recorded, in whatever order


KIND = st.sampled_from([KEYS, SHARES, MASKED, REVEAL])
ANY = st.lists(
    st.tuples(KIND, st.sampled_from(FIVE), st.integers(1, 45), st.none() | st.integers(0, 20)), min_size=10, max_size=40
)
DEALT = [(kind, name, 2, 1) for name in FIVE for kind in (KEYS, SHARES)]
SENT = [(MASKED, name, 5, 2) for name in FIVE]
EVENTS = st.builds(lambda done, others: done + others, st.sampled_from([[], DEALT, DEALT + SENT]), ANY)
"""Parts that are over sooner among them."""


@pytest.fixture(scope="module")
def opened() -> Play:
    return Play(submit=40)


def as_known(play: Play, events: list, block: int) -> LedgerState:
    """The ledger up to a block: objects proposed by then, and agreed on by then."""
    known = {}
    for number, (kind, name, proposed, waited) in enumerate(events, start=1):
        at = play.found.opened.block + proposed
        if at > block:
            continue
        agreed = None if waited is None or at + waited > block else Position(at + waited, 1_000 + number)
        subject, words, item = round_subject(play.number), word_of(kind, number), ArtefactId(word_of(number))
        known[item] = Artefact(item, name, kind, subject, words, cid_of(number), Position(at, number), agreed=agreed)
    return play.state.with_(artefacts=known)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_the_lists_of_a_part_that_is_over_never_change(opened: Play, events: list) -> None:
    """Or holders that act in different blocks would reveal for different survivors."""
    final: dict[Part, tuple] = {}
    start = opened.found.opened.block
    for block in range(start, start + 50):
        now = course(as_known(opened, events, block), opened.found, block + 1)
        lists = {Part.DEAL: now.dealers, Part.SEND: now.survivors, Part.REVEAL: now.holders}
        for part in (Part.DEAL, Part.SEND, Part.REVEAL):
            if now.ends[part] <= block:
                assert final.setdefault(part, (now.ends[part], lists[part])) == (now.ends[part], lists[part])
        assert set(now.survivors) <= set(now.dealers)
        ends = list(now.ends.values())
        assert ends == sorted(ends)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, me=st.sampled_from(FIVE), block=st.integers(0, 50))
def test_nobody_acts_twice_or_out_of_turn(opened: Play, events: list, me: OrganisationId, block: int) -> None:
    at = opened.found.opened.block + block
    state = as_known(opened, events, at)
    now, wanted = course(state, opened.found, at + 1), list(steps(state, opened.found, me, at + 1))
    said = {item.kind for item in state.artefacts.values() if item.organisation == me}
    for act, kind in ((Act.ANNOUNCE, KEYS), (Act.DEAL, SHARES), (Act.SEND, MASKED), (Act.REVEAL, REVEAL)):
        assert not (Step(act) in wanted and kind in said)
    if Step(Act.REVEAL) in wanted:
        assert now.part is Part.REVEAL and len(now.survivors) >= opened.found.quorum
    if Step(Act.SEND) in wanted:
        assert me in now.dealers and len(now.dealers) >= opened.found.quorum
    assert len(set(wanted)) == len(wanted)
