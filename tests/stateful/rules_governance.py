"""Rules: decisions by quorums of authorities, delivered to one contract, the other, and one that they are not for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hypothesis import strategies as st
from stateful.chain_world import NOBODY, Key
from stateful.machine import Machine, action, chance, one, several, signers
from stateful.model_members import Member, MembersModel

from orchestrator.commitment.eip712 import MembershipChange, PauseChange, Seat
from orchestrator.types import Address, OrganisationId

NAMES = tuple(OrganisationId(name) for name in ("aurora", "borealis", "cumulus", "drift", "ember", "fjord"))
STRANGERS = slice(1, 4)
POOL = slice(8, None)
"""Keys that become authorities and delegates; those before it belong to the deployer, strangers and award holders."""


@dataclass(frozen=True)
class Decision:
    """What some authorities signed."""

    change: MembershipChange | PauseChange
    signers: tuple[Key, ...]

    @property
    def function(self) -> str:
        return "changeMembership" if isinstance(self.change, MembershipChange) else "setPaused"

    @property
    def arguments(self) -> tuple[dict[str, Any], list[bytes]]:
        fields = asdict(self.change)
        digest = self.change.digest()
        return {**fields.pop("pair"), **fields}, [key.sign(digest) for key in self.signers]


class GovernanceRules(Machine):
    """``members`` are models of the Consortium contracts by label; ``sides`` are those that decisions are made for."""

    members: dict[str, MembersModel]
    sides: Sequence[str]
    decisions: list[Decision]
    delivered: bytes = b""
    """Digest of the decision that is on its way."""

    @action(3)
    def decide_on_membership(self, data: st.DataObject) -> None:
        side = one(data, self.sides, "side")
        members = self.members[side]
        kind = one(data, tuple(_EDITS), "change")
        seats, quorum = _EDITS[kind](self, data, members)
        epoch = members.epoch + 1 + (1 if chance(data, 12, "a later epoch") else 0)
        change = MembershipChange(members.pair, epoch, tuple(seats), quorum)
        self._decide(data, side, change)

    @action(1)
    def decide_on_a_pause(self, data: st.DataObject) -> None:
        side = one(data, self.sides, "side")
        members = self.members[side]
        paused = members.paused if chance(data, 8, "unchanged") else not members.paused
        nonce = max(0, members.pause_nonce + one(data, (0, 0, 0, 2, -1, 256), "nonce"))
        self._decide(data, side, PauseChange(members.pair, members.epoch, nonce, paused))

    @action(3, when=lambda self: self._without_delegate() and self.fresh_keys())
    def appoint_a_delegate(self, data: st.DataObject) -> None:
        """The authority of a member that has no delegate gives it one."""
        side, member = one(data, self._without_delegate(), "who lacks one")
        self.appoint(side, member)

    @action(2, when=lambda self: any(self.members[side].paused for side in self.sides))
    def resume(self, data: st.DataObject) -> None:
        self._resume(next(side for side in self.sides if self.members[side].paused))

    @action(2, when=lambda self: self.decisions)
    def deliver_a_decision(self, data: st.DataObject) -> None:
        decision = one(data, self.decisions[::-1], "decision")
        self._deliver(decision, one(data, tuple(self.members), "to"))

    @action(2)
    def rotate_a_delegate(self, data: st.DataObject) -> None:
        side, organisation, sender = self._seat(data)
        used = [*self.members[side].former, NOBODY, self.members[side].members[0].authority]
        fresh = [key.address for key in self.fresh_keys()[:2]]
        delegate = one(data, used, "delegate") if chance(data, 5, "used") or not fresh else one(data, fresh, "delegate")
        self._rotate(sender, side, organisation, delegate)

    @action(1)
    def revoke_a_delegate(self, data: st.DataObject) -> None:
        side, organisation, sender = self._seat(data)
        model = self.members[side]
        self.act(sender, side, "revokeDelegate", organisation, model=lambda: model.revoke(sender.address, organisation))

    def fresh_keys(self) -> list[Key]:
        """Keys that no contract has ever seen as an authority or a delegate."""
        taken = {member.authority for model in self.members.values() for member in model.members}
        taken |= {account for model in self.members.values() for account in model.former}
        return [key for key in self.world.keys[POOL] if key.address not in taken]

    def delegates(self, side: str) -> list[Key]:
        return self._keys([member.delegate for member in self.members[side].members])

    def authorities(self, side: str) -> list[Key]:
        return self._keys([member.authority for member in self.members[side].members])

    def appoint(self, side: str, member: Member) -> None:
        fresh = self.fresh_keys()
        assert fresh, "the node has too few accounts for such a life"
        self._rotate(self._keys([member.authority])[0], side, member.organisation, fresh[0].address)

    def signed_by(self, data: st.DataObject, entitled: Sequence[Key], side: str) -> list[Key]:
        """Signers for a decision on this side, among them sometimes who must not."""
        others = [*self.world.keys[STRANGERS], *self._keys(list(self.members[side].former))]
        return signers(data, entitled, self.members[side].quorum, others)

    def _keys(self, addresses: Sequence[Address]) -> list[Key]:
        by_address = {key.address: key for key in self.world.keys}
        return [by_address[address] for address in addresses if address != NOBODY]

    def _decide(self, data: st.DataObject, side: str, change: MembershipChange | PauseChange) -> None:
        decision = Decision(change, tuple(self.signed_by(data, self.authorities(side), side)))
        self.decisions.append(decision)
        self._deliver(decision, side)

    def _deliver(self, decision: Decision, label: str) -> None:
        model, change = self.members[label], decision.change
        who = [key.address for key in decision.signers]
        apply = model.change if isinstance(change, MembershipChange) else model.set_paused
        self.delivered = change.digest()
        self.act(
            self.world.deployer,
            label,
            decision.function,
            *decision.arguments,
            model=lambda: apply(change, who),  # type: ignore[arg-type]
        )
        self.delivered = b""

    def _resume(self, side: str) -> None:
        """A quorum resumes what was paused."""
        members = self.members[side]
        change = PauseChange(members.pair, members.epoch, members.pause_nonce, False)
        who = sorted(self.authorities(side), key=lambda key: key.address)[: members.quorum]
        self.decisions.append(Decision(change, tuple(who)))
        self._deliver(self.decisions[-1], side)

    def _without_delegate(self) -> list[tuple[str, Member]]:
        return [(side, one) for side in self.sides for one in self.members[side].members if one.delegate == NOBODY]

    def _rotate(self, sender: Key, side: str, organisation: OrganisationId, delegate: Address) -> None:
        model = self.members[side]
        self.act(
            sender,
            side,
            "rotateDelegate",
            organisation,
            delegate,
            model=lambda: model.rotate(sender.address, organisation, delegate),
        )

    def _seat(self, data: st.DataObject) -> tuple[str, OrganisationId, Key]:
        """A side, an organisation, and who acts for it: mostly its authority."""
        side = one(data, self.sides, "side")
        members = self.members[side]
        organisation = one(data, members.organisations, "organisation")
        authority = next(member.authority for member in members.members if member.organisation == organisation)
        if chance(data, 8, "somebody else"):
            organisation = one(data, NAMES, "any organisation")
        senders = self._keys([authority, *(member.delegate for member in members.members)])
        return side, organisation, senders[0] if not chance(data, 8, "not the authority") else senders[-1]


Edited = tuple[list[Seat], int]
Edit = Callable[[GovernanceRules, st.DataObject, MembersModel], Edited]


def _majority(data: st.DataObject, count: int) -> int:
    return data.draw(st.integers(count // 2 + 1, max(count, count // 2 + 1)), "quorum")


def _join(machine: GovernanceRules, data: st.DataObject, members: MembersModel) -> Edited:
    seats = [member.seat for member in members.members]
    absent = [name for name in NAMES if name not in members.organisations]
    if absent and (fresh := machine.fresh_keys()):
        seats.append(_newcomer(data, members, one(data, absent, "who joins"), fresh[0].address))
    return seats, _majority(data, len(seats))


def _newcomer(data: st.DataObject, members: MembersModel, name: OrganisationId, fresh: Address) -> Seat:
    """Who comes back does so with its last authority; sometimes somebody else tries to take its name."""
    last = members.last.get(name, fresh)
    return Seat(name, fresh if chance(data, 6, "somebody else's name") else last)


def _leave(machine: GovernanceRules, data: st.DataObject, members: MembersModel) -> Edited:
    seats = [member.seat for member in members.members]
    if len(seats) > 2:
        seats.remove(one(data, seats, "who leaves"))
    return seats, _majority(data, len(seats))


def _exchange(machine: GovernanceRules, data: st.DataObject, members: MembersModel) -> Edited:
    """One goes as another comes."""
    seats, _quorum = _leave(machine, data, members)
    absent = [name for name in NAMES if name not in members.organisations]
    fresh = machine.fresh_keys()
    if absent and fresh:
        seats.append(_newcomer(data, members, absent[0], fresh[0].address))
    return seats, _majority(data, len(seats))


def _swap(machine: GovernanceRules, data: st.DataObject, members: MembersModel) -> Edited:
    """Two members exchange their authorities."""
    seats = [member.seat for member in members.members]
    places = several(data, range(len(seats)), 2, "who swap")
    if len(places) == 2:
        a, b = places
        seats[a], seats[b] = (
            Seat(seats[a].organisation, seats[b].authority),
            Seat(seats[b].organisation, seats[a].authority),
        )
    return seats, members.quorum


def _replace(machine: GovernanceRules, data: st.DataObject, members: MembersModel) -> Edited:
    """A member gets a new authority, sometimes one that is taken."""
    seats = [member.seat for member in members.members]
    place = one(data, range(len(seats)), "whose authority")
    fresh = [key.address for key in machine.fresh_keys()[:1]]
    taken = [members.members[0].authority, NOBODY, *members.former]
    authority = one(data, taken, "authority") if chance(data, 4, "taken") or not fresh else fresh[0]
    seats[place] = Seat(seats[place].organisation, authority)
    return seats, members.quorum


def _requorum(machine: GovernanceRules, data: st.DataObject, members: MembersModel) -> Edited:
    """Another quorum, sometimes one that is no majority, or more than there are."""
    count = len(members.members)
    wrong = (count // 2, count + 1, 0)
    quorum = one(data, wrong, "quorum") if chance(data, 4, "invalid") else _majority(data, count)
    return [member.seat for member in members.members], quorum


def _reorder(machine: GovernanceRules, data: st.DataObject, members: MembersModel) -> Edited:
    seats = [member.seat for member in members.members]
    return data.draw(st.permutations(seats), "order"), members.quorum


def _double(machine: GovernanceRules, data: st.DataObject, members: MembersModel) -> Edited:
    """A new member twice."""
    seats, quorum = _join(machine, data, members)
    fresh = machine.fresh_keys()
    return [*seats, Seat(seats[-1].organisation, fresh[-1].address)], max(quorum, (len(seats) + 1) // 2 + 1)


_EDITS: dict[str, Edit] = {
    "join": _join,
    "quorum": _requorum,
    "leave": _leave,
    "exchange": _exchange,
    "swap": _swap,
    "replace": _replace,
    "reorder": _reorder,
    "double": _double,
}
