"""Reference model of one Consortium contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stateful.chain_world import NOBODY
from stateful.refusals import Refused, refuse

from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import MembershipChange, Pair, PauseChange, Seat
from orchestrator.types import Address, Digest, OrganisationId


@dataclass(frozen=True)
class Member:
    organisation: OrganisationId
    authority: Address
    delegate: Address = NOBODY

    @property
    def seat(self) -> Seat:
        return Seat(self.organisation, self.authority)


class MembersModel:
    """Who belongs to it.

    ``former`` are all that ever were delegates, with their organisation; ``last`` the last authority of who has left.
    """

    def __init__(self, pair: Pair, quorum: int, members: Sequence[Member]) -> None:
        self.pair = pair
        self.quorum = quorum
        self.members = list(members)
        self.epoch = 1
        self.paused = False
        self.pause_nonce = 0
        self.last: dict[OrganisationId, Address] = {}
        self.former = {member.delegate: member.organisation for member in members if member.delegate != NOBODY}

    @property
    def digest(self) -> Digest:
        seats = [member.seat for member in self.members]
        return consortium_digest(self.pair.consortium_id, self.epoch, self.quorum, seats)

    @property
    def organisations(self) -> list[OrganisationId]:
        return [member.organisation for member in self.members]

    def calling_delegate(self, sender: Address) -> OrganisationId:
        return self.members[self._position("delegate", sender, "ConsortiumNotADelegate")].organisation

    def calling_authority(self, sender: Address) -> OrganisationId:
        return self.members[self._position("authority", sender, "ConsortiumNotAnAuthority")].organisation

    def delegate_bitmap(self, signers: Sequence[Address]) -> int:
        return sum(1 << self._position("delegate", signer, "ConsortiumNotADelegate") for signer in signers)

    def authority_bitmap(self, signers: Sequence[Address]) -> int:
        return sum(1 << self._position("authority", signer, "ConsortiumNotAnAuthority") for signer in signers)

    def change(self, change: MembershipChange, signers: Sequence[Address]) -> None:
        refuse(change.pair != self.pair, "ConsortiumWrongConsortium")
        refuse(change.epoch != self.epoch + 1, "ConsortiumWrongEpoch", change.epoch, self.epoch + 1)
        count = len(change.seats)
        majority = count < 2 * change.quorum and change.quorum <= count
        refuse(not majority, "ConsortiumQuorumInvalid", change.quorum, count)
        self._decided(signers)
        members = self._seated(change.seats)
        staying = [member.organisation for member in members]
        self.last |= {one.organisation: one.authority for one in self.members if one.organisation not in staying}
        self.members, self.quorum, self.epoch = members, change.quorum, change.epoch

    def set_paused(self, change: PauseChange, signers: Sequence[Address]) -> None:
        refuse(change.pair != self.pair, "ConsortiumWrongConsortium")
        refuse(change.epoch != self.epoch, "ConsortiumWrongEpoch", change.epoch, self.epoch)
        refuse(change.nonce < self.pause_nonce, "ConsortiumNonceUsed", change.nonce, self.pause_nonce)
        latest = self.pause_nonce + 255
        refuse(change.nonce > latest, "ConsortiumNonceAhead", change.nonce, latest)
        self._decided(signers)
        self.paused, self.pause_nonce = change.paused, change.nonce + 1

    def rotate(self, sender: Address, organisation: OrganisationId, delegate: Address) -> None:
        place = self._own(sender, organisation)
        taken = delegate in self.former or any(member.authority == delegate for member in self.members)
        refuse(taken or delegate == NOBODY, "ConsortiumInvalidDelegate", organisation, delegate)
        self.members[place] = replace(self.members[place], delegate=delegate)
        self.former[delegate] = organisation

    def revoke(self, sender: Address, organisation: OrganisationId) -> None:
        place = self._own(sender, organisation)
        without = self.members[place].delegate == NOBODY
        refuse(without, "ConsortiumInvalidDelegate", organisation, NOBODY)
        self.members[place] = replace(self.members[place], delegate=NOBODY)

    def _position(self, role: str, account: Address, error: str) -> int:
        for place, member in enumerate(self.members):
            if getattr(member, role) == account:
                return place
        raise Refused(error, account)

    def _own(self, sender: Address, organisation: OrganisationId) -> int:
        for place, member in enumerate(self.members):
            if member.organisation == organisation:
                refuse(member.authority != sender, "ConsortiumNotAnAuthority", sender)
                return place
        raise Refused("ConsortiumUnknownOrganisation", organisation)

    def _decided(self, signers: Sequence[Address]) -> None:
        refuse(len(signers) < self.quorum, "ConsortiumQuorumMissed", len(signers), self.quorum)
        check_ascending(signers)
        self.authority_bitmap(signers)

    def _seated(self, seats: Sequence[Seat]) -> list[Member]:
        """The members that stay, with their delegates, then the new ones."""
        wanted, staying = list(seats), list[Member]()
        for member in self.members:
            if wanted and wanted[0].organisation == member.organisation:
                staying.append(replace(member, authority=wanted.pop(0).authority))
            else:
                misplaced = any(seat.organisation == member.organisation for seat in wanted)
                refuse(misplaced, "ConsortiumSeatsOutOfOrder", member.organisation)
        seated = list[Member]()
        for member in [*staying, *(Member(seat.organisation, seat.authority) for seat in wanted)]:
            known = any(other.organisation == member.organisation for other in seated)
            refuse(known, "ConsortiumDuplicateOrganisation", member.organisation)
            last = member.authority if member in staying else self.last.get(member.organisation, member.authority)
            refuse(last != member.authority, "ConsortiumNameTaken", member.organisation, last)
            taken = any(other.authority == member.authority for other in seated)
            invalid = taken or member.authority == NOBODY
            refuse(invalid, "ConsortiumInvalidAuthority", member.organisation, member.authority)
            seated.append(member)
        authorities = {member.authority for member in seated}
        return [replace(one, delegate=NOBODY) if one.delegate in authorities else one for one in seated]


def check_ascending(signers: Sequence[Address]) -> None:
    """Signers are distinct and in ascending order."""
    previous = NOBODY
    for signer in signers:
        refuse(signer <= previous, "SignaturesNotAscending", previous, signer)
        previous = signer
