"""Who belonged to the consortium in which epoch, folded from the events of one Consortium contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.ledger.entities import Members
from orchestrator.ledger.members import HANDLERS
from orchestrator.ledger.records import Record
from orchestrator.ledger.state import EMPTY, LedgerState
from orchestrator.types import Address, OrganisationId


@dataclass(frozen=True)
class Epoch:
    """One membership.

    Attributes:
        members: as the epoch began, in member order.
        delegates: every address that was an organisation's delegate at some time of the epoch.
        block: where it began.
    """

    members: Members
    block: int
    delegates: Mapping[OrganisationId, set[Address]] = field(default_factory=dict)

    @property
    def order(self) -> tuple[OrganisationId, ...]:
        """Organisations by member index, as bitmaps of signers count them."""
        return tuple(self.members.seats)

    def signer(self, address: Address) -> OrganisationId | None:
        """The member whose delegate this was in the epoch."""
        return next((name for name, known in self.delegates.items() if address in known), None)

    def organisations(self, bitmap: int) -> tuple[OrganisationId, ...] | None:
        """The members that a bitmap names; None where it names places that nobody has."""
        if bitmap >> len(self.order):
            return None
        return tuple(name for index, name in enumerate(self.order) if bitmap >> index & 1)


@dataclass(frozen=True)
class Membership:
    """All epochs of one contract, and what holds at the end."""

    epochs: Mapping[int, Epoch]
    last: Members

    def quorum_in(self, block: int) -> int:
        """The quorum that something in this block had to reach; the least where it changed in the block itself."""
        before = [epoch for epoch in self.epochs.values() if epoch.block < block]
        within = [epoch for epoch in self.epochs.values() if epoch.block == block]
        return min((epoch.members.quorum for epoch in (*before[-1:], *within)), default=self.last.quorum)


class MembershipFold:
    """Epochs as they come about, one record of the Consortium at a time."""

    def __init__(self) -> None:
        self._state: LedgerState = EMPTY
        self._epochs: dict[int, Epoch] = {}

    @property
    def now(self) -> Membership:
        """What has come about so far."""
        return Membership(self._epochs, self._state.members)

    def add(self, record: Record) -> None:
        """Takes one record; others than the Consortium's are passed over.

        Raises:
            ProtocolError: it contradicts those before.
        """
        if record.kind not in HANDLERS:
            return
        self._state = HANDLERS[record.kind](self._state, record)
        members = self._state.members
        if record.kind == "EpochAdvanced":
            delegates = {name: {seat.delegate} for name, seat in members.seats.items()}
            self._epochs[members.epoch] = Epoch(members, record.block, delegates)
        elif record.kind == "DelegateRotated" and members.epoch in self._epochs:
            organisation = OrganisationId(record.fields["organisation"])
            epoch = self._epochs[members.epoch]
            if organisation in epoch.order:
                epoch.delegates[organisation].add(Address(record.fields["current"]))


def membership_of(records: Iterable[Record]) -> Membership:
    """Fold the Consortium's records; others are passed over.

    Raises:
        ProtocolError: they contradict each other.
    """
    fold = MembershipFold()
    for record in records:
        fold.add(record)
    return fold.now
