"""Whatever two chains went through apart, what `propose` writes and `show` advises brings them together again.

Both contracts are the reference models of the state machines, which the compiled contracts are held against.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stateful.model_members import Member, MembersModel
from stateful.refusals import Refused
from unit.governance.decisions_made import PAIR
from unit.governance.presents import present
from unit.ledger.actors import authority

from orchestrator.commitment.eip712 import MembershipChange, Seat
from orchestrator.governance.drift import drift
from orchestrator.governance.membership import Wishes, plan_change
from orchestrator.governance.one_chain import order_note, plan_for_one
from orchestrator.governance.present import Present, SideName, Stage, misplaced, position
from orchestrator.governance.seats import check_seats
from orchestrator.types import OrganisationId

NAMES = [OrganisationId(f"member-{place}") for place in range(6)]


class Chain:
    """One chain of the pair, changed by whatever quorum it has at the time."""

    def __init__(self, side: SideName, like: MembersModel | None = None) -> None:
        self.side: SideName = side
        founders = [Member(name, authority(name)) for name in NAMES[:3]]
        self.model = MembersModel(PAIR, 2, founders if like is None else like.members)
        if like is not None:
            self.model.quorum, self.model.epoch, self.model.last = like.quorum, like.epoch, dict(like.last)

    @property
    def present(self) -> Present:
        model = self.model
        found = present(self.side, *model.organisations, epoch=model.epoch, quorum=model.quorum)
        return Present(
            **{name: getattr(found, name) for name in Present.__slots__ if name not in ("digest", "members")},
            digest=model.digest,
            members=tuple(model.members),  # type: ignore[arg-type]
        )

    def take(self, change: MembershipChange) -> None:
        """Raises Refused."""
        self.model.change(change, sorted(member.authority for member in self.model.members))

    def wander(self, random: Random, steps: int) -> None:
        """Any changes that the contract takes."""
        for _ in range(steps):
            while not self._takes(random):
                pass

    def _takes(self, random: Random) -> bool:
        model = self.model
        seats = [
            Seat(one.organisation, one.authority if random.random() < 0.8 else authority(str(random.random())))
            for one in model.members
            if random.random() < 0.7
        ]
        new = [name for name in NAMES if name not in model.organisations and random.random() < 0.4]
        seats += [Seat(name, model.last.get(name, authority(name))) for name in new]
        quorum = len(seats) // 2 + 1
        if len(seats) < 2 or check_seats(seats, quorum):
            return False
        self.take(MembershipChange(PAIR, model.epoch + 1, tuple(seats), quorum))
        return True

    def taken(self, change: MembershipChange) -> list[Seat]:
        """Seats whose names come back under another authority than their last one here, which the contract refuses."""
        last, here = self.model.last, self.model.organisations
        return [
            seat
            for seat in change.seats
            if seat.organisation not in here and last.get(seat.organisation, seat.authority) != seat.authority
        ]


def quorum_of(count: int) -> int:
    return count // 2 + 1


def pair(random: Random) -> tuple[Chain, Chain]:
    public = Chain("public")
    public.wander(random, random.randrange(3))
    return public, Chain("private", public.model)


def advice(public: Chain, private: Chain) -> str | None:
    """What `show` says of a fork."""
    return next((item.mend for item in drift(public.present, private.present) if item.name == "fork"), None)


def catch_up(behind: Chain, ahead: Chain) -> str:
    """`propose --only` with the name of a former member under the authority that it had; returns the last note."""
    note = ""
    while behind.model.epoch < ahead.model.epoch:
        wishes, here, there = Wishes(), behind.present, ahead.present
        if taken := behind.taken(plan_for_one(here, there, wishes)):
            last = behind.model.last
            wishes = Wishes(authority={seat.organisation: last[seat.organisation] for seat in taken})
        change = plan_for_one(here, there, wishes)
        note = order_note(change, here, there, wishes)
        assert position(change, here).stage is Stage.OPEN
        behind.take(change)
    return note


def end(public: Chain, private: Chain) -> None:
    """What `show` advises for a fork, step by step."""
    while mend := advice(public, private):
        here, there = public.present, private.present
        known = {seat.organisation: seat.authority for seat in here.seats}
        late = misplaced(here.names, there.names)
        apart = {
            seat.organisation: known[seat.organisation]
            for seat in there.seats
            if known.get(seat.organisation, seat.authority) != seat.authority
        }
        first = {name: key for name, key in apart.items() if name in late}
        assert ("--only" in mend) == bool(first)
        if first:
            assert all(f"--authority {name}={key}" in mend for name, key in first.items())
            change = plan_for_one(there, here, Wishes(authority=first))
            assert [position(change, side).stage for side in (there, here)] == [Stage.OPEN, Stage.REFUSED]
            private.take(change)
            catch_up(public, private)
            continue
        count = len([name for name in here.names if name in there.names])
        settle(public, private, Wishes(remove=late, authority=apart, quorum=quorum_of(count - len(late))))
        if late:
            settle(public, private, Wishes(add={name: known[name] for name in late}, quorum=quorum_of(count)))


def settle(public: Chain, private: Chain, wishes: Wishes) -> None:
    change = plan_change(public.present, private.present, wishes)
    for chain in (public, private):
        chain.take(change)


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4), st.integers(0, 3))
def test_a_chain_that_lags_comes_to_what_the_other_has_or_is_told_of_the_fork(
    random: Random, ahead: int, own: int
) -> None:
    public, private = pair(random)
    public.wander(random, ahead)
    private.wander(random, min(own, ahead - 1))
    note = catch_up(private, public)
    ordered = not misplaced(public.present.names, private.present.names)
    assert ordered or "is a fork when the epochs are equal" in note
    end(public, private)
    assert public.model.digest == private.model.digest


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_every_fork_with_a_member_in_common_ends(random: Random, steps: int) -> None:
    public, private = pair(random)
    for chain in (public, private):
        chain.wander(random, steps)
    if set(public.model.organisations) & set(private.model.organisations):
        end(public, private)
        assert public.model.digest == private.model.digest


def test_without_one_authority_first_a_name_is_lost_to_both() -> None:
    """Why `show` advises two changes of one chain before the member leaves and returns."""
    public, private = Chain("public"), Chain("private")
    first, *others = [Seat(name, authority(name)) for name in NAMES[:3]]
    for epoch, seats in ((2, others), (3, [*others, first])):
        public.take(MembershipChange(PAIR, epoch, tuple(seats), 2))
    new = Seat(first.organisation, authority("new"))
    for epoch in (2, 3):
        private.take(MembershipChange(PAIR, epoch, (new, *others), 2))
    told = advice(public, private) or ""
    by_one = f"--only private --authority {first.organisation}={first.authority}`, `propose --only public`"
    assert by_one in told
    for seat in (first, new):
        gone = Chain("public", public.model), Chain("private", private.model)
        settle(*gone, Wishes(remove=[first.organisation]))
        with pytest.raises(Refused, match="ConsortiumNameTaken"):
            settle(*gone, Wishes(add={seat.organisation: seat.authority}))
    end(public, private)
    assert public.model.digest == private.model.digest
