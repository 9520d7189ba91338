"""Decisions for one chain alone, while the two are in different epochs and a ceremony cannot just be repeated."""

from __future__ import annotations

from orchestrator.commitment.eip712 import MembershipChange, PauseChange, Seat
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.governance.contracts import Sides
from orchestrator.governance.membership import Wishes, check_names, demand_seats, named_pair
from orchestrator.governance.present import Present, SideName, Stage, position


def plan_for_one(present: Present, other: Present, wishes: Wishes) -> MembershipChange:
    """The next change of a chain that lags behind: to what the other chain has, but for what is wished otherwise.

    Raises:
        ProtocolError: the contracts are not a pair, or ``present`` does not lag behind.
        ConfigurationError: a wish that no contract would grant.
    """
    pair = named_pair(present, other)
    if present.epoch >= other.epoch:
        raise ProtocolError(
            f"the {present.side} chain is in epoch {present.epoch}, the {other.side} chain in epoch {other.epoch}",
            mend="one chain alone gets a change only where it lags behind; leave --only out",
        )
    check_names(other, other, wishes)
    kept = {seat.organisation: seat.authority for seat in other.seats if seat.organisation not in wishes.remove}
    wanted = kept | {**wishes.authority, **wishes.add}
    staying = [member.organisation for member in present.members if member.organisation in wanted]
    names = staying + [name for name in wanted if name not in staying]
    seats = tuple(Seat(name, wanted[name]) for name in names)
    quorum = other.quorum if wishes.quorum is None else wishes.quorum
    demand_seats(seats, quorum)
    return MembershipChange(pair, present.epoch + 1, seats, quorum)


def plan_pause_of_one(present: Present, other: Present, paused: bool) -> PauseChange:
    """A pause or a resumption of one chain, while no such decision could serve both.

    Raises:
        ProtocolError: the contracts are not a pair, or are in one epoch. ConfigurationError: it is in that state.
    """
    pair = named_pair(present, other)
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
