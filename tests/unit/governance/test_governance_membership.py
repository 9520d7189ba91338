"""From wishes to changes, where they stand with a contract, and what two contracts disagree on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.governance.decisions_made import CONTRACT, PAIR, membership, pause, seats
from unit.governance.presents import DRIFT, EMBER, FOUNDERS, both, present
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, authority, word_of

from orchestrator.commitment.eip712 import MembershipChange, PauseChange, Seat
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.governance.drift import drift, older_pauses
from orchestrator.governance.membership import Wishes, plan_again, plan_change, plan_pause
from orchestrator.governance.one_chain import plan_pause_of_one
from orchestrator.governance.present import (
    Stage,
    digest_of,
    misplaced,
    out_of_order,
    position,
    reached,
)
from orchestrator.governance.seats import MAX_MEMBERS, NO_ADDRESS, check_seats
from orchestrator.governance.wording import difference
from orchestrator.types import Address, OrganisationId


def test_newcomers_stand_behind_those_who_stay() -> None:
    wishes = Wishes(add={DRIFT: authority(DRIFT), EMBER: authority(EMBER)}, remove=[BOREALIS], quorum=3)
    change = plan_change(*both(), wishes)
    assert change == MembershipChange(PAIR, 2, seats(AURORA, CUMULUS, DRIFT, EMBER), 3)
    assert [position(change, side).stage for side in both()] == [Stage.OPEN, Stage.OPEN]


def test_members_may_swap_authorities() -> None:
    wishes = Wishes(authority={AURORA: authority(BOREALIS), BOREALIS: authority(AURORA)})
    change = plan_change(*both(), wishes)
    assert [seat.authority for seat in change.seats] == [authority(BOREALIS), authority(AURORA), authority(CUMULUS)]


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Wishes(), "nothing would change"),
        (Wishes(quorum=2), "nothing would change"),
        (Wishes(authority={AURORA: authority(AURORA)}), "nothing would change"),
        (Wishes(quorum=1), "not more than half of 3 members; at least 2"),
        (Wishes(quorum=4), "could never be reached"),
        (Wishes(quorum=0), "not more than half"),
        (Wishes(add={DRIFT: authority(DRIFT)}), "not more than half of 4 members; at least 3"),
        (Wishes(add={AURORA: authority(DRIFT)}), "aurora is a member already"),
        (Wishes(add={DRIFT: authority(AURORA)}, quorum=3), "the authority of two members"),
        (Wishes(add={DRIFT: NO_ADDRESS}, quorum=3), "drift has no authority"),
        (Wishes(remove=[DRIFT]), "drift is no member"),
        (Wishes(authority={DRIFT: authority(DRIFT)}), "drift is no member"),
        (Wishes(remove=[AURORA], authority={AURORA: authority(DRIFT)}), "is to leave and to get an authority"),
        (Wishes(remove=[AURORA, BOREALIS]), "a quorum of 2 with 1 members could never be reached"),
        (Wishes(remove=FOUNDERS), "0 members"),
    ],
)
def test_refuses_what_no_contract_grants(wishes: Wishes, words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_change(*both(), wishes)
    assert words in raised.value.message and raised.value.mend


def test_refuses_contracts_that_are_no_pair() -> None:
    public, private = both()
    wishes = Wishes(quorum=3)
    for broken, words in (
        (replace(private, pair=None), "bound to no partner"),
        (replace(private, address=Address("0x" + "99" * 20)), "belongs to another pair"),
        (replace(private, pair=replace(PAIR, consortium_id=word_of("other"))), "belongs to another pair"),
        (present("private", epoch=2), "public chain is in epoch 1, the private chain in epoch 2"),
    ):
        with pytest.raises(ProtocolError, match=words):
            plan_change(public, broken, wishes)


def test_the_contract_takes_at_most_255_members() -> None:
    many = [Seat(OrganisationId(f"m{number}"), Address(f"0x{number + 1:040x}")) for number in range(MAX_MEMBERS + 1)]
    assert "256 members" in check_seats(many, 200)
    assert check_seats(many[:-1], 128) == ""


def test_a_change_stands_where_the_epochs_say() -> None:
    change = plan_change(*both(), Wishes(quorum=3))
    found = {
        "open": present(),
        "done": present(epoch=2, quorum=3),
        "expired": present(epoch=2),
        "early": replace(present(), epoch=0),
        "foreign": replace(present(), pair=replace(PAIR, private_chain_id=5)),
        "refused": replace(present(), pair=None),
    }
    assert {name: position(change, side).stage.value for name, side in found.items()} == {name: name for name in found}
    assert position(change, present(epoch=9)).stage is Stage.EXPIRED
    assert position(membership(epoch=4), present()).words.endswith("the change to epoch 2 and later has to come first")
    assert digest_of(change) == present(epoch=2, quorum=3).digest


def test_a_pause_stands_where_epoch_and_nonce_say() -> None:
    paused = replace(present(), paused=True, pause_nonce=1)
    assert position(pause(), present()).stage is Stage.OPEN
    assert position(pause(), paused).stage is Stage.DONE
    overtaking = position(replace(pause(), nonce=1), paused)
    assert overtaking.stage is Stage.OPEN and "is paused already and takes it all the same" in overtaking.words
    assert position(replace(pause(paused=False), nonce=1), paused).stage is Stage.OPEN
    assert position(pause(), replace(paused, pause_nonce=2, paused=False)).stage is Stage.EXPIRED
    assert position(pause(), present(epoch=2)).stage is Stage.EXPIRED
    assert position(replace(pause(), epoch=2), present()).stage is Stage.EARLY


def test_pauses_whose_nonces_are_far_apart_are_brought_together_first() -> None:
    """No nonce would serve both chains; the one that is behind takes steps of its own, which are void on the other."""
    public, private = replace(present(), pause_nonce=600), present("private")
    ahead = PauseChange(PAIR, 1, 256, False)
    assert position(ahead, private).stage is Stage.REFUSED and "above 255" in position(ahead, private).words
    for nonce in (255, 511):
        with pytest.raises(ProtocolError) as raised:
            plan_pause(public, private, True)
        assert "`propose --pause --only private`" in (raised.value.mend or "")
        planned = plan_pause_of_one(private, public, private.paused)
        assert (planned.nonce, planned.epoch, planned.paused) == (nonce, 1, False)
        assert [position(planned, side).stage for side in (private, public)] == [Stage.OPEN, Stage.EXPIRED]
        private = replace(private, pause_nonce=nonce + 1)
    planned = plan_pause(public, private, True)
    assert [position(planned, side).stage for side in (private, public)] == [Stage.OPEN, Stage.OPEN]


def test_pauses_take_the_higher_nonce_of_both() -> None:
    public, private = both()
    planned = plan_pause(replace(public, paused=True, pause_nonce=3), private, True)
    assert (planned.nonce, planned.paused, planned.epoch) == (3, True, 1)
    with pytest.raises(ConfigurationError, match="is not paused"):
        plan_pause(public, private, False)
    with pytest.raises(ProtocolError, match="epoch"):
        plan_pause(public, present("private", epoch=2), True)


def test_a_pause_that_both_outlived_and_one_never_saw_is_told_and_overtaken() -> None:
    """Paused and resumed, and both went to one chain only: the states are equal, and the other takes the old pause."""
    public, private = both()
    public = replace(public, pause_nonce=2)
    assert position(pause(), private).stage is Stage.OPEN and position(pause(), public).stage is Stage.EXPIRED
    assert drift(public, private) == ()  # nothing is held up by it
    (told,) = older_pauses(public, private)
    assert told.name == "older-pause" and "the private chain lacks a pause or resumption" in told.words
    assert "`propose --resume`" in told.mend
    (other,) = older_pauses(replace(public, pause_nonce=0), replace(private, pause_nonce=2))
    assert "the public chain lacks a pause or resumption" in other.words

    # the last file there too: done on the one, taken by the other
    last = replace(pause(paused=False), nonce=1)
    assert [position(last, side).stage for side in (public, private)] == [Stage.DONE, Stage.OPEN]
    # or another one, which goes to both although neither is paused
    planned = plan_pause(public, private, False)
    assert (planned.nonce, planned.paused) == (2, False)
    assert [position(planned, side).stage for side in (public, private)] == [Stage.OPEN, Stage.OPEN]

    paused = tuple(replace(side, paused=True) for side in (public, private))
    assert "`propose --pause`" in older_pauses(*paused)[0].mend and plan_pause(*paused, True).nonce == 2


def test_nothing_is_told_of_pauses_where_none_could_come_back() -> None:
    public, private = both()
    for one, other in (
        (public, private),
        (replace(public, pause_nonce=2), replace(private, pause_nonce=2)),
        (replace(public, pause_nonce=2), present("private", epoch=2)),  # told as `epoch`
        (replace(public, pause_nonce=1, paused=True), private),  # told as `pause`
        (replace(public, pause_nonce=2), replace(private, pair=None)),
    ):
        assert older_pauses(one, other) == ()
    for state in (True, False):
        same = tuple(replace(side, paused=state, pause_nonce=4) for side in (public, private))
        with pytest.raises(ConfigurationError):
            plan_pause(*same, state)


def test_a_chain_that_lags_by_one_gets_the_change_again() -> None:
    ahead = present("private", AURORA, CUMULUS, epoch=2)
    change = plan_again(present(), ahead)
    assert position(change, present()).stage is Stage.OPEN
    assert position(change, ahead).stage is Stage.DONE
    for public in (present(epoch=2), present(epoch=4)):
        with pytest.raises(ProtocolError, match="the chains are in epochs"):
            plan_again(public, ahead)


def test_drift_has_a_name() -> None:
    public, private = both()
    hot = (replace(public.members[0], delegate=NO_ADDRESS), *public.members[1:])
    cases = {
        (): private,
        ("epoch",): present("private", epoch=2),
        ("fork",): present("private", AURORA, BOREALIS),
        ("pause",): replace(private, paused=True),
        ("delegate",): replace(private, members=hot),
        ("pause", "delegate"): replace(private, paused=True, members=hot),
        ("not-bound",): replace(private, pair=None),
        ("other-pair", "other-pair"): replace(private, address=CONTRACT),
        ("other-consortium",): replace(private, consortium_id=word_of("other")),
    }
    for names, other in cases.items():
        found = drift(public, other)
        assert tuple(item.name for item in found) == names
        assert all(item.words and item.mend for item in found)


def test_a_fork_is_reunited_by_a_change_that_both_take() -> None:
    public, private = present("public", *FOUNDERS, DRIFT), present("private", *FOUNDERS, EMBER)
    change = plan_change(public, private, Wishes(add={DRIFT: authority(DRIFT)}, quorum=3))
    assert change.seats == seats(*FOUNDERS, DRIFT)
    assert [position(change, side).stage for side in (public, private)] == [Stage.OPEN, Stage.OPEN]
    assert plan_change(public, private, Wishes()).seats == seats(*FOUNDERS)  # one list of members is change enough

    moved = replace(private.members[0], authority=authority("new"))
    with pytest.raises(ConfigurationError, match="different authorities of aurora"):
        plan_change(public, replace(private, members=(moved, *private.members[1:])), Wishes())


def test_a_fork_by_order_names_who_has_to_leave_and_come_back() -> None:
    """No single change ends it: who stays keeps its place on each chain."""
    public, private = present("public", CUMULUS, DRIFT, AURORA), present("private", AURORA, CUMULUS, DRIFT)
    with pytest.raises(ConfigurationError, match="aurora would lose its place"):
        plan_change(public, private, Wishes())
    for pair in (
        (public, private),
        (present("public", AURORA, CUMULUS, DRIFT), present("private", CUMULUS, DRIFT, AURORA)),
    ):
        (told,) = drift(*pair)
        assert told.name == "fork" and "in another order" in told.words
        assert "`propose --remove aurora`" in told.mend and "`propose --add aurora=…`" in told.mend
    without = plan_change(public, private, Wishes(remove=[AURORA]))
    assert [position(without, side).stage for side in (public, private)] == [Stage.OPEN, Stage.OPEN]
    again = plan_change(*both(CUMULUS, DRIFT, epoch=2), Wishes(add={AURORA: authority(AURORA)}))
    assert again.seats == seats(CUMULUS, DRIFT, AURORA)


_names = [OrganisationId(name) for name in "abcdefg"]
_lists = st.lists(st.sampled_from(_names), unique=True)


@given(_lists, _lists)
def test_what_one_change_reaches_is_what_the_contract_takes(
    names: list[OrganisationId], before: list[OrganisationId]
) -> None:
    start = reached(names, before)
    assert list(start) == names[: len(start)]
    where = present("public", *before) if before else replace(present("public"), members=())
    assert out_of_order(seats(*start), where) is None
    if len(start) < len(names):
        assert out_of_order(seats(*names[: len(start) + 1]), where) is not None


@given(_lists, _lists)
def test_without_those_who_are_misplaced_both_lists_are_in_one_order(
    one: list[OrganisationId], other: list[OrganisationId]
) -> None:
    late = misplaced(one, other)
    rest = [[name for name in names if name in one and name in other and name not in late] for names in (one, other)]
    assert rest[0] == rest[1] and set(late) <= set(one) & set(other)
    assert bool(late) == ([name for name in one if name in other] != [name for name in other if name in one])


def test_a_place_among_the_members_is_kept() -> None:
    public, private = present("public", *FOUNDERS, DRIFT), present("private", *FOUNDERS, EMBER, DRIFT)
    wishes = Wishes(add={EMBER: authority(EMBER)}, quorum=3)
    with pytest.raises(ConfigurationError, match="would lose its place on the private chain"):
        plan_change(public, private, wishes)


@st.composite
def _orders(draw: st.DrawFn) -> tuple[list[OrganisationId], list[OrganisationId]]:
    names = [OrganisationId(name) for name in ("a", "b", "c", "d", "e", "f")]
    count = draw(st.integers(1, 6))
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    return names[:count], chosen


@given(_orders())
def test_order_is_what_the_contract_checks(case: tuple[list[OrganisationId], list[OrganisationId]]) -> None:
    """Against ``Consortium._removeMissing``, written down again as it runs."""
    before, after = case
    kept, refused = 0, False
    for name in before:
        if kept < len(after) and after[kept] == name:
            kept += 1
        elif name in after[kept:]:
            refused = True
    # whoever stays and comes late is a second time "added": the contract refuses that as a duplicate
    refused = refused or any(name in before for name in after[kept:])
    assert (out_of_order(seats(*after), present("public", *before)) is not None) == refused


def test_differences_are_told_one_by_one() -> None:
    change = MembershipChange(PAIR, 2, (*seats(AURORA), Seat(BOREALIS, authority("new")), *seats(DRIFT)), 3)
    lines = difference(change, present())
    assert [line[0] for line in lines] == ["+", "-", "~", "~"]
    assert lines[0] == f"+ drift joins; authority {authority(DRIFT)}"
    assert lines[1] == f"- cumulus leaves; authority {authority(CUMULUS)}"
    assert lines[2] == f"~ borealis gets a new authority: {authority('new')} in place of {authority(BOREALIS)}"
    assert lines[3] == "~ quorum 3 in place of 2"
    assert difference(membership(), present()) == ["= the same members and quorum in a new epoch"]
