"""What must hold of membership after every transaction, on every Consortium contract of a world.

- quorum_is_a_majority: n/2 < k ≤ n.
- hot_keys_change_no_membership: seats, quorum and epoch change in ``changeMembership`` only, by one epoch at a time.
- one_signature_set_two_contracts: a decision works at most once on each of the pair, and never on a third contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stateful.chain_world import World


@dataclass(frozen=True)
class Membership:
    """What a Consortium contract shows."""

    members: Sequence[Mapping[str, Any]]
    epoch: int
    quorum: int

    @property
    def cold(self) -> object:
        """All of it that hot keys have no say in."""
        return [(one["organisation"], one["authority"]) for one in self.members], self.quorum, self.epoch

    @property
    def organisations(self) -> list[str]:
        return [one["organisation"] for one in self.members]


class MembersInvariants:
    """Watches one life; ``bystander`` is a contract that the decisions are not for, if there is one."""

    def __init__(self, world: World, labels: Sequence[str], bystander: str = "") -> None:
        self._world = world
        self._labels, self._bystander = labels, bystander
        self._applied: set[tuple[str, bytes]] = set()
        self.shown = {label: self._membership(label) for label in labels}

    def after(self, called: str, function: str, decision: bytes) -> dict[str, Membership]:
        """Checks them after a transaction that called ``function`` of the contract ``called``.

        Args:
            decision: digest of what was signed, where it delivered a decision of governance.

        Returns:
            The memberships before it, by label.
        """
        before, self.shown = self.shown, {label: self._membership(label) for label in self._labels}
        for label in self._labels:
            self.quorum_is_a_majority(label)
            self.hot_keys_change_no_membership(label, before[label], called, function)
        if decision:
            self.one_signature_set_two_contracts(called, decision)
        return before

    def quorum_is_a_majority(self, label: str) -> None:
        shown = self.shown[label]
        count = len(shown.members)
        assert count < 2 * shown.quorum and shown.quorum <= count, (
            f"quorum_is_a_majority: {label} has {shown.quorum} of {count}"
        )

    def hot_keys_change_no_membership(self, label: str, before: Membership, called: str, function: str) -> None:
        shown = self.shown[label]
        governed = function == "changeMembership" and called == label
        assert governed or before.cold == shown.cold, f"{label}: {function} of {called} changed the membership"
        step = shown.epoch - before.epoch
        assert step == (1 if governed else 0), f"{label}: the epoch went {step} steps"

    def one_signature_set_two_contracts(self, called: str, decision: bytes) -> None:
        assert called != self._bystander, "a decision of the pair worked on a third contract"
        assert (called, decision) not in self._applied, f"{called} took one decision twice"
        self._applied.add((called, decision))

    def _membership(self, label: str) -> Membership:
        members, current = self._world.views([(label, "members"), (label, "current")])
        return Membership(members, current[0], current[1])
