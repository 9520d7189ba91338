"""One ``Consortium`` contract as it stands, and where a decision stands with it. Pure: somebody else has read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import MembershipChange, Pair, PauseChange, Seat
from orchestrator.governance.decisions import SignerRole
from orchestrator.governance.seats import NO_ADDRESS
from orchestrator.ledger.entities import Member
from orchestrator.types import Address, Digest, OrganisationId

SideName = Literal["public", "private"]
MAX_NONCE_GAP = 255
"""How far a pause may be ahead of ``pauseNonce``, as ``Consortium.setPaused`` has it."""


@dataclass(frozen=True, slots=True)
class Present:
    """What the contract of one chain says at one block.

    Attributes:
        pair: the two contracts that it was bound to; None before that.
        digest: of id, epoch, quorum and seats; what checkpoints name.
    """

    side: SideName
    chain_id: int
    address: Address
    pair: Pair | None
    consortium_id: Digest
    epoch: int
    quorum: int
    digest: Digest
    paused: bool
    pause_nonce: int
    members: tuple[Member, ...]

    @property
    def names(self) -> tuple[OrganisationId, ...]:
        return tuple(member.organisation for member in self.members)

    @property
    def seats(self) -> tuple[Seat, ...]:
        return tuple(Seat(member.organisation, member.authority) for member in self.members)

    def voters(self, role: SignerRole) -> dict[Address, OrganisationId]:
        """Keys that have a say, in member order; who has no delegate has none there."""
        keys = {getattr(member, role): member.organisation for member in self.members}
        keys.pop(NO_ADDRESS, None)
        return keys

    def member(self, name: str) -> Member | None:
        return next((member for member in self.members if member.organisation == name), None)


class Stage(StrEnum):
    """Where a decision stands with one contract."""

    OPEN = "open"
    """The contract takes it, once it has the signatures."""
    DONE = "done"
    """The contract has it already."""
    EARLY = "early"
    """Another decision has to come first."""
    EXPIRED = "expired"
    """Its turn is over: the contract went on without it."""
    FOREIGN = "foreign"
    """It names another consortium."""
    REFUSED = "refused"
    """The contract would refuse its content."""


@dataclass(frozen=True, slots=True)
class Position:
    """A stage, with the reason in words."""

    stage: Stage
    words: str

    @property
    def settled(self) -> bool:
        """Nothing has to be sent here any more."""
        return self.stage is Stage.DONE


def position(decision: MembershipChange | PauseChange, present: Present) -> Position:
    """Where ``decision`` stands with the contract of one chain."""
    if present.pair is None:
        return Position(Stage.REFUSED, "is not bound to its partner yet: the deployment is not finished")
    if decision.pair != present.pair:
        return Position(Stage.FOREIGN, f"has consortium {_named(present.pair)}, and the decision names another")
    if isinstance(decision, MembershipChange):
        return _of_membership(decision, present)
    return _of_pause(decision, present)


def digest_of(change: MembershipChange) -> Digest:
    """The consortium digest that the contracts hold once they have the change."""
    return consortium_digest(change.pair.consortium_id, change.epoch, change.quorum, change.seats)


def _of_membership(change: MembershipChange, present: Present) -> Position:
    if change.epoch == present.epoch and digest_of(change) == present.digest:
        return Position(Stage.DONE, f"has it: this is its epoch {present.epoch}")
    if change.epoch == present.epoch:
        return Position(Stage.EXPIRED, f"went to epoch {present.epoch} by another change")
    if change.epoch < present.epoch:
        return Position(Stage.EXPIRED, f"is in epoch {present.epoch}; a change to epoch {change.epoch} comes too late")
    if change.epoch > present.epoch + 1:
        missing = f"{present.epoch + 1}" if change.epoch == present.epoch + 2 else f"{present.epoch + 1} and later"
        return Position(Stage.EARLY, f"is in epoch {present.epoch}; the change to epoch {missing} has to come first")
    if name := out_of_order(change.seats, present):
        return Position(Stage.REFUSED, f"would refuse it: {name} stays and must keep its place among the members")
    return Position(Stage.OPEN, f"can take it as its epoch {change.epoch}")


def _of_pause(change: PauseChange, present: Present) -> Position:
    state = "paused" if present.paused else "not paused"
    newest = change.nonce == present.pause_nonce - 1 and change.epoch == present.epoch
    if newest and change.paused == present.paused:
        return Position(Stage.DONE, f"has it: it is {state}")
    if change.epoch < present.epoch:
        return Position(Stage.EXPIRED, f"is in epoch {present.epoch}; a decision of epoch {change.epoch} is void there")
    if change.epoch > present.epoch:
        return Position(Stage.EARLY, f"is in epoch {present.epoch}; the change to epoch {change.epoch} comes first")
    if change.nonce < present.pause_nonce:
        return Position(Stage.EXPIRED, f"took a later decision already and is {state}")
    if change.nonce > (latest := present.pause_nonce + MAX_NONCE_GAP):
        return Position(Stage.REFUSED, f"would refuse it: nonce {change.nonce} is above {latest}")
    if change.paused == present.paused:
        # sent all the same: else what this decision overtakes stays good there, for whoever has the older file
        return Position(
            Stage.OPEN, f"is {state} already and takes it all the same: older decisions are void there then"
        )
    return Position(Stage.OPEN, "can take it")


def out_of_order(seats: tuple[Seat, ...], present: Present) -> OrganisationId | None:
    """A member that stays and does not stand where the contract wants it: those who stay come first, in their order."""
    staying = {seat.organisation for seat in seats}
    expected = [member.organisation for member in present.members if member.organisation in staying]
    given = [seat.organisation for seat in seats][: len(expected)]
    return next((name for name, actual in zip(expected, given, strict=True) if name != actual), None)


def reached(names: Sequence[OrganisationId], before: Sequence[OrganisationId]) -> Sequence[OrganisationId]:
    """The start of ``names`` that one change brings, in this order, to a chain with the members ``before``."""
    last = 0
    for count, name in enumerate(names):
        place = before.index(name) if name in before else len(before)
        if place < last:
            return names[:count]
        last = place
    return names


def misplaced(one: Sequence[OrganisationId], other: Sequence[OrganisationId]) -> Sequence[OrganisationId]:
    """Members of both lists without which the others stand in one order: they can only leave, and come back as last."""
    shared, again = [name for name in one if name in other], [name for name in other if name in one]
    late = [names[len(reached(names, before)) :] for names, before in ((shared, again), (again, shared))]
    return min(late, key=len)


def leave_and_return(names: Sequence[OrganisationId]) -> str:
    """What ends a fork by order, in words."""
    removing, adding = [f"--remove {name}" for name in names], [f"--add {name}=…" for name in names]
    return f"`propose {' '.join(removing)}` for both chains, then `propose {' '.join(adding)}`"


def _named(pair: Pair) -> str:
    return f"{pair.consortium_id} of chains {pair.public_chain_id} and {pair.private_chain_id}"
