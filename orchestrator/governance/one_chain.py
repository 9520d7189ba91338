"""Decisions for one chain alone, while the two are in different epochs and a ceremony cannot just be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.commitment.eip712 import MembershipChange, Pair, PauseChange, Seat
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.governance.contracts import Sides
from orchestrator.governance.membership import Wishes, check_names, demand_seats, named_pair
from orchestrator.governance.present import (
    MAX_NONCE_GAP,
    Present,
    SideName,
    Stage,
    leave_and_return,
    misplaced,
    out_of_order,
    position,
    reached,
)
from orchestrator.governance.seats import check_seats
from orchestrator.types import Address, OrganisationId


def plan_for_one(present: Present, other: Present, wishes: Wishes) -> MembershipChange:
    """The next change of a chain that lags behind: to what the other chain has, but for what is wished otherwise.

    What it has to put off because of the order of members is what :func:`order_note` says. In a fork by order neither
    lags, and yet each takes changes that the other one refuses: then it is what the chain has, but for the wishes.

    Raises:
        ProtocolError: the contracts are not a pair, or ``present`` does not lag behind.
        ConfigurationError: a wish that no contract would grant.
    """
    pair = named_pair(present, other)
    if present.epoch == other.epoch and misplaced(present.names, other.names):
        return _kept_in_order(pair, present, other, wishes)
    if present.epoch >= other.epoch:
        raise ProtocolError(
            f"the {present.side} chain is in epoch {present.epoch}, the {other.side} chain in epoch {other.epoch}",
            mend="one chain alone gets a change only where it lags behind; leave --only out",
        )
    check_names(other, other, wishes)
    wanted = _wanted(other, wishes)
    quorum = other.quorum if wishes.quorum is None else wishes.quorum
    names = _in_line(present, wanted, quorum, other.epoch - present.epoch)
    seats = tuple(Seat(name, wanted[name]) for name in names)
    demand_seats(seats, quorum)
    return MembershipChange(pair, present.epoch + 1, seats, quorum)


def order_note(change: MembershipChange, present: Present, other: Present, wishes: Wishes) -> str:
    """What the change puts off or leaves undone because members stand in another order; empty where nothing is."""
    wanted, names = _wanted(other, wishes), [seat.organisation for seat in change.seats]
    out = [member for member in present.members if member.organisation in wanted and member.organisation not in names]
    if out:
        old = [item for item in out if wanted[item.organisation] != item.authority]
        under = "".join(f", with `--authority {item.organisation}={item.authority}`, its last one here" for item in old)
        return (
            f"left out for one epoch, to stand in the order of the {other.side} chain:"
            f" {', '.join(item.organisation for item in out)};"
            f" the next `propose --only {present.side}` adds again{under}"
        )
    late = misplaced(names, tuple(wanted))
    if not late or other.epoch > change.epoch + 1:
        return ""
    return (
        f"its members will stand in another order than the {other.side} chain's, which is a fork when the epochs are"
        f" equal; what ends it then: {leave_and_return(late)}"
    )


def _kept_in_order(pair: Pair, present: Present, other: Present, wishes: Wishes) -> MembershipChange:
    """A change that keeps the order of this chain, which is why the other one refuses it: for authorities above all."""
    check_names(present, present, wishes)
    wanted, quorum = _wanted(present, wishes), present.quorum if wishes.quorum is None else wishes.quorum
    seats = tuple(Seat(name, authority) for name, authority in wanted.items())
    demand_seats(seats, quorum)
    if out_of_order(seats, other) is None:
        raise ConfigurationError("both chains would take that", mend="leave --only out: it ends the fork on both")
    if (seats, quorum) == (present.seats, present.quorum):
        raise ConfigurationError(
            "nothing would change", mend="give --authority, for a member that the chains know apart"
        )
    return MembershipChange(pair, present.epoch + 1, seats, quorum)


def _wanted(other: Present, wishes: Wishes) -> dict[OrganisationId, Address]:
    """Members and authorities in the order that the chain shall end with."""
    kept = {seat.organisation: seat.authority for seat in other.seats if seat.organisation not in wishes.remove}
    return kept | {**wishes.authority, **wishes.add}


def _in_line(
    present: Present, wanted: Mapping[OrganisationId, Address], quorum: int, lag: int
) -> Sequence[OrganisationId]:
    """The members of the next step.

    Whoever stays keeps its place, and the digest is of the order. So while another step is left, those that would be
    misplaced are left out, and the next step adds them at the end; not where too few would be left for the quorum, nor
    while there is time to give them their new authority first: a name comes back under its last one only.
    """
    start = reached(tuple(wanted), present.names)
    out = [member for member in present.members if member.organisation in wanted and member.organisation not in start]
    known = all(wanted[member.organisation] == member.authority for member in out)
    fits = not check_seats([Seat(name, wanted[name]) for name in start], quorum)
    if fits and (lag == 2 or (lag > 2 and known)):
        return start
    staying = [name for name in present.names if name in wanted]
    return staying + [name for name in wanted if name not in staying]


def plan_pause_of_one(present: Present, other: Present, paused: bool) -> PauseChange:
    """A pause or a resumption of one chain, while none could serve both: in two epochs, or with nonces far apart.

    Raises:
        ProtocolError: the contracts are not a pair, or are in one epoch. ConfigurationError: it is in that state.
    """
    pair = named_pair(present, other)
    if present.epoch == other.epoch and other.pause_nonce - present.pause_nonce > MAX_NONCE_GAP:
        return PauseChange(pair, present.epoch, present.pause_nonce + MAX_NONCE_GAP, paused)
    if present.epoch == other.epoch:
        raise ProtocolError(f"both chains are in epoch {present.epoch}", mend="leave --only out: one pause serves both")
    if present.paused == paused:
        state = "is paused already" if paused else "is not paused"
        raise ConfigurationError(f"the {present.side} chain {state}", mend="see `loranchor consortium show`")
    return PauseChange(pair, present.epoch, present.pause_nonce, paused)


def alone(decision: MembershipChange | PauseChange, sides: Sides, name: SideName) -> Sides:
    """The one chain that a decision is for, when it is certain that the other one does not take it as well.

    Raises:
        ChainError: a chain does not answer. ConfigurationError: the other chain takes it, too.
    """
    for side in sides.both():
        at = position(decision, side.present)
        # a pause waits there for the epoch, and is sent when the chain has come so far; a change would be forgotten
        later = at.stage is Stage.EARLY and isinstance(decision, MembershipChange)
        if side.name != name and (at.stage is Stage.OPEN or later):
            raise ConfigurationError(f"the {side.name} chain {at.words}", mend="leave --only out: both chains need it")
    return sides.only(name)
