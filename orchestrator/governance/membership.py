"""From what somebody wants to the change that the contracts take: members in order, quorum, epoch; refused early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.commitment.eip712 import MembershipChange, Pair, PauseChange, Seat
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.governance.present import MAX_NONCE_GAP, Present, out_of_order
from orchestrator.governance.seats import check_seats
from orchestrator.types import Address, OrganisationId


@dataclass(frozen=True, slots=True)
class Wishes:
    """What shall change.

    Attributes:
        add: new members with their authorities, in the order given. authority: new authorities of members.
        quorum: None leaves it.
    """

    add: Mapping[OrganisationId, Address] = field(default_factory=dict)
    remove: Sequence[OrganisationId] = ()
    authority: Mapping[OrganisationId, Address] = field(default_factory=dict)
    quorum: int | None = None


def plan_change(public: Present, private: Present, wishes: Wishes) -> MembershipChange:
    """The change that both contracts take.

    Raises:
        ProtocolError: the contracts are not a pair, or one of them lacks a change that the other has.
        ConfigurationError: a wish that no contract would grant; says which and what would do.
    """
    pair = pair_of(public, private)
    seats = _seats(public, private, wishes)
    quorum = public.quorum if wishes.quorum is None else wishes.quorum
    demand_seats(seats, quorum)
    if public.digest == private.digest and (seats, quorum) == (public.seats, public.quorum):
        raise ConfigurationError("nothing would change", mend="give --add, --remove, --authority or --quorum")
    return MembershipChange(pair, public.epoch + 1, seats, quorum)


def plan_pause(public: Present, private: Present, paused: bool) -> PauseChange:
    """A pause or a resumption that both contracts take, whatever each of them has seen before.

    Raises:
        ProtocolError: the contracts are not a pair in one epoch, or one lacks too many decisions for a common nonce.
        ConfigurationError: both are in that state, and came there by the same decisions.
    """
    pair = pair_of(public, private)
    # a chain that lacks decisions is in that state, too, and takes an older one yet: what is planned here overtakes it
    if public.paused == private.paused == paused and public.pause_nonce == private.pause_nonce:
        state = "is paused already" if paused else "is not paused"
        raise ConfigurationError(f"the consortium {state}", mend="see `loranchor consortium show`")
    behind, ahead = sorted((public, private), key=lambda side: side.pause_nonce)
    if ahead.pause_nonce - behind.pause_nonce > MAX_NONCE_GAP:
        raise ProtocolError(
            f"the {behind.side} chain takes pauses up to nonce {behind.pause_nonce + MAX_NONCE_GAP}, the {ahead.side}"
            f" chain from nonce {ahead.pause_nonce} on",
            mend=f"first bring it nearer, with its state as it is or another: `propose --pause --only {behind.side}`"
            " or --resume",
        )
    return PauseChange(pair, public.epoch, ahead.pause_nonce, paused)


def plan_again(public: Present, private: Present) -> MembershipChange:
    """The change that one chain has and the other lacks, for a ceremony whose file was lost.

    The authorities that the lagging chain knows sign it again; the chain that has it is not asked any more.

    Raises:
        ProtocolError: no chain is exactly one change behind.
    """
    ahead, behind = (public, private) if public.epoch > private.epoch else (private, public)
    pair = named_pair(public, private)
    if ahead.epoch != behind.epoch + 1:
        raise ProtocolError(
            f"the chains are in epochs {public.epoch} and {private.epoch}",
            mend="only the last change can be written again; the files of earlier ones are needed,"
            f" or `propose --only {behind.side}`",
        )
    return MembershipChange(pair, ahead.epoch, ahead.seats, ahead.quorum)


def pair_of(public: Present, private: Present) -> Pair:
    """What the two contracts are bound to, when they are bound to each other and in one epoch.

    Raises:
        ProtocolError: they are not.
    """
    pair = named_pair(public, private)
    if public.epoch != private.epoch:
        behind = public if public.epoch < private.epoch else private
        raise ProtocolError(
            f"the public chain is in epoch {public.epoch}, the private chain in epoch {private.epoch}",
            mend=f"first submit the ceremony of epoch {behind.epoch + 1} to the {behind.side} chain,"
            f" or decide for it alone: `propose --only {behind.side}`",
        )
    return pair


def named_pair(one: Present, other: Present) -> Pair:
    """What both contracts are bound to, in whatever epochs they are.

    Raises:
        ProtocolError: they are not bound to each other.
    """
    public, private = (one, other) if one.side == "public" else (other, one)
    own = (public.chain_id, public.address, private.chain_id, private.address)
    for side in (public, private):
        if side.pair is None:
            raise ProtocolError(
                f"the Consortium of the {side.side} chain is bound to no partner",
                mend="whoever deployed it runs `brownie run deploy` again",
            )
        pair = side.pair
        named = (pair.public_chain_id, pair.public_address, pair.private_chain_id, pair.private_address)
        if named != own or pair.consortium_id != public.consortium_id:
            raise ProtocolError(
                f"the Consortium of the {side.side} chain belongs to another pair",
                mend="do not use these contracts; compare the deployment files with the other members",
            )
    return Pair(public.consortium_id, *own)


def _seats(public: Present, private: Present, wishes: Wishes) -> tuple[Seat, ...]:
    check_names(public, private, wishes)
    staying = [member for member in public.members if private.member(member.organisation) is not None]
    seats = tuple(
        Seat(member.organisation, wishes.authority.get(member.organisation, member.authority))
        for member in staying
        if member.organisation not in wishes.remove
    )
    for seat in seats:
        other = private.member(seat.organisation)
        if seat.organisation not in wishes.authority and other is not None and other.authority != seat.authority:
            raise ConfigurationError(
                f"the two chains name different authorities of {seat.organisation}",
                mend=f"say which one shall be: --authority {seat.organisation}=0x…",
            )
    seats += tuple(Seat(name, authority) for name, authority in wishes.add.items())
    for side in (public, private):
        if name := out_of_order(seats, side):
            raise ConfigurationError(
                f"{name} would lose its place on the {side.side} chain", mend=f"remove {name} first, then add it again"
            )
    return seats


def check_names(public: Present, private: Present, wishes: Wishes) -> None:
    """Wishes that name members must name them, and newcomers must not be any; raises ConfigurationError."""
    common = {member.organisation for member in public.members if private.member(member.organisation)}
    either = {member.organisation for side in (public, private) for member in side.members}
    if name := next((name for name in wishes.add if name in common), None):
        raise ConfigurationError(f"{name} is a member already", mend=f"for a new key: --authority {name}=0x…")
    changed = (*wishes.remove, *wishes.authority)
    if name := next((name for name in changed if name not in either), None):
        raise ConfigurationError(f"{name} is no member", mend=f"members are {', '.join(sorted(either))}")
    if name := next((name for name in wishes.authority if name in wishes.remove), None):
        raise ConfigurationError(f"{name} is to leave and to get an authority", mend="give one of both")


def demand_seats(seats: Sequence[Seat], quorum: int) -> None:
    """As ``ConfigurationError`` what no contract would take."""
    if problem := check_seats(seats, quorum):
        quorum_mend = "choose members and --quorum so that more than half decide"
        raise ConfigurationError(problem, mend=quorum_mend if "quorum" in problem else "give each member its own key")
