"""Decisions for one chain alone: only where it lags, and never one that the other chain takes as well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.governance.decisions_made import pause, seats
from unit.governance.presents import DRIFT, EMBER, both, present
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, authority

from orchestrator.commitment.eip712 import MembershipChange, Seat
from orchestrator.errors import ChainError, ConfigurationError, ProtocolError
from orchestrator.governance.contracts import Side, Sides
from orchestrator.governance.membership import Wishes, plan_again
from orchestrator.governance.one_chain import alone, order_note, plan_for_one, plan_pause_of_one
from orchestrator.governance.present import Present, Stage, digest_of, position
from orchestrator.governance.seats import NO_ADDRESS
from orchestrator.ledger.entities import Member
from orchestrator.types import OrganisationId

AHEAD = present("public", AURORA, CUMULUS, DRIFT, epoch=4, quorum=3)
BEHIND = present("private")


def sides(*presents: Present) -> Sides:
    nothing: Any = None
    return Sides({found.side: Side(found.side, nothing, nothing, found) for found in presents}, {})


def test_a_chain_that_lags_gets_what_the_other_has_epoch_by_epoch() -> None:
    behind = BEHIND
    for epoch in (2, 3, 4):
        change = plan_for_one(behind, AHEAD, Wishes())
        assert (change.epoch, change.seats, change.quorum) == (epoch, AHEAD.seats, 3)
        assert position(change, behind).stage is Stage.OPEN
        behind = present("private", AURORA, CUMULUS, DRIFT, epoch=epoch, quorum=3)
    assert behind.digest == AHEAD.digest == digest_of(change)
    one_behind = present("private", epoch=3)
    assert plan_for_one(one_behind, AHEAD, Wishes()) == plan_again(AHEAD, one_behind)


def test_what_the_chain_would_refuse_is_left_out_or_named_otherwise() -> None:
    assert plan_for_one(BEHIND, AHEAD, Wishes(remove=[DRIFT], quorum=2)).seats == seats(AURORA, CUMULUS)
    named = plan_for_one(BEHIND, AHEAD, Wishes(authority={DRIFT: authority("new")}))
    assert named.seats == (*seats(AURORA, CUMULUS), Seat(DRIFT, authority("new")))
    more = plan_for_one(BEHIND, AHEAD, Wishes(add={EMBER: authority(EMBER)}))
    assert more.seats == seats(AURORA, CUMULUS, DRIFT, EMBER)


def caught_up(present_: Present, change: MembershipChange) -> Present:
    assert position(change, present_).stage is Stage.OPEN
    names = [seat.organisation for seat in change.seats]
    found = present(present_.side, *names, epoch=change.epoch, quorum=change.quorum)
    return replace(found, members=tuple(Member(seat.organisation, seat.authority, NO_ADDRESS) for seat in change.seats))


@pytest.mark.parametrize("lag", [2, 3, 5])
@pytest.mark.parametrize(
    ("ahead", "quorum"),
    [((CUMULUS, DRIFT, AURORA), 2), ((BOREALIS, CUMULUS, AURORA), 2), ((AURORA, DRIFT, CUMULUS, EMBER), 3)],
)
def test_members_in_another_order_are_left_out_and_added_again(
    ahead: tuple[OrganisationId, ...], quorum: int, lag: int
) -> None:
    """The other chain removed a member and took it back: it stands last there, and the digest is of the order."""
    other, behind = present("public", *ahead, epoch=1 + lag, quorum=quorum), BEHIND
    if len(ahead) > 3:  # two of four are no quorum of three, so the quorum of that step is named
        first = plan_for_one(behind, other, Wishes(quorum=2))
        assert first.seats == seats(AURORA, DRIFT)
        assert "cumulus" in order_note(first, behind, other, Wishes(quorum=2))
    else:
        first = plan_for_one(behind, other, Wishes())
        assert AURORA not in [seat.organisation for seat in first.seats]
        assert order_note(first, behind, other, Wishes()).startswith("left out for one epoch")
    behind = caught_up(behind, first)
    while behind.epoch < other.epoch:
        change = plan_for_one(behind, other, Wishes())
        assert order_note(change, behind, other, Wishes()) == ""
        behind = caught_up(behind, change)
    assert behind.digest == other.digest


def test_who_has_another_authority_gets_it_before_it_is_left_out() -> None:
    """A chain takes a name back under its last authority only."""
    new = authority("new")
    other = present("public", BOREALIS, CUMULUS, AURORA, epoch=4)
    other = replace(other, members=(*other.members[:2], Member(AURORA, new, NO_ADDRESS)))
    behind, leaving = BEHIND, []
    while behind.epoch < other.epoch:
        change = plan_for_one(behind, other, Wishes())
        leaving.append([seat.organisation for seat in change.seats])
        behind = caught_up(behind, change)
    assert leaving == [[AURORA, BOREALIS, CUMULUS], [BOREALIS, CUMULUS], [BOREALIS, CUMULUS, AURORA]]
    assert behind.seats == other.seats

    close = replace(other, epoch=3)  # too late for that: it comes back under the old one, and a change for both ends it
    first = plan_for_one(BEHIND, close, Wishes())
    assert first.seats == seats(BOREALIS, CUMULUS)
    assert f"with `--authority aurora={authority(AURORA)}`" in order_note(first, BEHIND, close, Wishes())
    back = plan_for_one(caught_up(BEHIND, first), close, Wishes(authority={AURORA: authority(AURORA)}))
    assert back.seats == seats(BOREALIS, CUMULUS, AURORA)


def test_where_no_epoch_is_left_for_it_the_fork_and_its_end_are_told() -> None:
    ahead = present("public", CUMULUS, DRIFT, AURORA, epoch=2)
    change = plan_for_one(BEHIND, ahead, Wishes())
    assert change.seats == seats(AURORA, CUMULUS, DRIFT)
    assert position(change, BEHIND).stage is Stage.OPEN
    told = order_note(change, BEHIND, ahead, Wishes())
    assert "in another order than the public chain" in told and "`propose --remove aurora`" in told
    # nor where too few would be left for the quorum
    far = present("public", CUMULUS, BOREALIS, AURORA, epoch=3)
    change = plan_for_one(BEHIND, far, Wishes())
    assert change.seats == seats(AURORA, BOREALIS, CUMULUS)
    assert "--remove" in order_note(change, BEHIND, far, Wishes())


def test_nothing_is_told_of_the_order_where_it_is_kept() -> None:
    for wishes in (Wishes(), Wishes(remove=[CUMULUS], quorum=2), Wishes(add={EMBER: authority(EMBER)})):
        assert order_note(plan_for_one(BEHIND, AHEAD, wishes), BEHIND, AHEAD, wishes) == ""


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Wishes(remove=[BOREALIS]), "borealis is no member"),
        (Wishes(add={AURORA: authority("new")}), "aurora is a member already"),
        (Wishes(quorum=1), "not more than half of 3 members"),
        (Wishes(add={EMBER: authority(AURORA)}), "the authority of two members"),
    ],
)
def test_refuses_what_no_contract_grants(wishes: Wishes, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as raised:
        plan_for_one(BEHIND, AHEAD, wishes)
    assert raised.value.mend


def test_only_a_chain_that_lags_behind_is_changed_alone() -> None:
    for one, other in ((AHEAD, BEHIND), both(), both()[::-1]):
        with pytest.raises(ProtocolError) as raised:
            plan_for_one(one, other, Wishes(quorum=3))
        assert "leave --only out" in (raised.value.mend or "")
    with pytest.raises(ProtocolError, match="bound to no partner"):
        plan_for_one(BEHIND, replace(AHEAD, pair=None), Wishes())


def test_a_pause_of_one_chain_carries_its_own_epoch_and_nonce() -> None:
    planned = plan_pause_of_one(replace(AHEAD, pause_nonce=7), BEHIND, True)
    assert (planned.epoch, planned.nonce, planned.paused) == (4, 7, True)
    assert plan_pause_of_one(BEHIND, replace(AHEAD, pause_nonce=7), True).nonce == 0
    with pytest.raises(ConfigurationError, match="the private chain is not paused"):
        plan_pause_of_one(BEHIND, AHEAD, False)
    with pytest.raises(ProtocolError, match="both chains are in epoch 1"):
        plan_pause_of_one(*both(), True)


def test_a_decision_for_one_chain_is_asked_of_that_chain_alone() -> None:
    change = plan_for_one(BEHIND, AHEAD, Wishes())
    assert list(alone(change, sides(AHEAD, BEHIND), "private").found) == ["private"]
    # the pause of the chain that is ahead waits for the other one's epoch, and can be sent there then
    later = plan_pause_of_one(AHEAD, BEHIND, True)
    assert position(later, BEHIND).stage is Stage.EARLY
    assert list(alone(later, sides(AHEAD, BEHIND), "public").found) == ["public"]


def test_a_decision_that_both_chains_take_is_not_for_one() -> None:
    for decision, found in (
        (pause(), both()),
        (plan_for_one(BEHIND, AHEAD, Wishes()), (BEHIND, present("public"))),
        (plan_for_one(present("private", epoch=3), AHEAD, Wishes()), (present("private", epoch=3), present("public"))),
    ):
        with pytest.raises(ConfigurationError) as raised:
            alone(decision, sides(*found), "private")
        assert raised.value.mend == "leave --only out: both chains need it"


def test_a_chain_that_does_not_answer_may_take_the_decision_too() -> None:
    silent = Sides(sides(BEHIND).found, {"public": ChainError("no answer")})
    with pytest.raises(ChainError, match="no answer"):
        alone(plan_for_one(BEHIND, AHEAD, Wishes()), silent, "private")
