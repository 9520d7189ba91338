"""What must hold of the public chain after every transaction, seen from views and events alone.

- sequence_grows_by_one; tree_and_block_never_fall; every_head_names_the_one_before.
- every_head_has_a_quorum: at least k members with a delegate stand behind it.
- supply_is_what_was_claimed: token supply = sum of AwardClaimed = sum of the balances.
- no_index_is_paid_twice; no_void_index_is_paid; payout_stays_below_the_cap (of the sequence's publication).
- the_cap_is_what_a_quorum_set_last; equivocation_is_recorded_once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from stateful.chain_world import NOBODY, Event, World
from stateful.invariants_members import Membership

from orchestrator.commitment.checkpoints import GENESIS_HEAD


class PublicInvariants:
    """Watches one life. Every method checks what its name says, and raises AssertionError."""

    def __init__(self, world: World, holders: Sequence[str]) -> None:
        self._world = world
        self._holders = holders
        self._last: dict[str, Any] = {"sequence": 0, "tree_size": 0, "private_block": 0}
        self._head = GENESIS_HEAD
        self._paid: Counter[int] = Counter()
        self._spent: set[tuple[int, str, int]] = set()
        self._proven: set[tuple[int, str]] = set()
        self._cap: int = world.view("distributor", "payoutCap")
        self._caps: dict[int, int] = {}
        self._roots: dict[int, str] = {}

    def after(self, events: Sequence[Event], members: Membership) -> None:
        """Args:
        members: the public Consortium's before the transaction.
        """
        for event in events:
            check = getattr(self, f"_on_{event.name}", None)
            if check is not None:
                check(event.values, members)
        self.supply_is_what_was_claimed()

    def supply_is_what_was_claimed(self) -> None:
        balances = [("token", "balanceOf", holder) for holder in self._holders]
        supply, *held = self._world.views([("token", "totalSupply"), *balances])
        paid = self._paid.total()
        assert supply == paid == sum(held), f"supply {supply}, paid {paid}, held {sum(held)}"

    def _on_CheckpointAnchored(self, values: Mapping[str, Any], members: Membership) -> None:
        checkpoint, last = values["checkpoint"], self._last
        assert checkpoint["sequence"] == last["sequence"] + 1, "sequence_grows_by_one"
        for name in ("tree_size", "private_block"):
            assert checkpoint[name] >= last[name], f"tree_and_block_never_fall: {name}"
        assert checkpoint["previous_head"] == self._head, "every_head_names_the_one_before"
        bitmap = values["signers"]
        behind = [seat for place, seat in enumerate(members.members) if bitmap >> place & 1]
        enough = len(behind) >= members.quorum and bitmap < 1 << len(members.members)
        assert enough and all(seat["delegate"] != NOBODY for seat in behind), "every_head_has_a_quorum"
        self._last, self._head = checkpoint, values["head"]
        assert self._world.view("anchor", "head") == self._head, "the head is not what was anchored"

    def _on_EquivocationProven(self, values: Mapping[str, Any], _members: Membership) -> None:
        entry = (values["sequence"], values["organisation"])
        assert entry not in self._proven, "equivocation_is_recorded_once"
        self._proven.add(entry)
        assert self._world.view("anchor", "equivocated", *entry), "the proof is not on record"

    def _on_AwardsPublished(self, values: Mapping[str, Any], _members: Membership) -> None:
        assert values["sequence"] not in self._caps, "a sequence was published twice"
        self._caps[values["sequence"]], self._roots[values["sequence"]] = self._cap, values["root"]

    def _on_AwardsRootReplaced(self, values: Mapping[str, Any], _members: Membership) -> None:
        assert self._paid[values["sequence"]] == 0, "a root was replaced after something had been paid"
        self._roots[values["sequence"]] = values["current"]

    def _on_AwardVoided(self, values: Mapping[str, Any], _members: Membership) -> None:
        self._spend(values, "no_void_index_is_paid")

    def _on_AwardClaimed(self, values: Mapping[str, Any], _members: Membership) -> None:
        self._spend(values, "no_index_is_paid_twice")
        sequence = values["sequence"]
        self._paid[sequence] += values["amount"]
        assert self._paid[sequence] <= self._caps[sequence], "payout_stays_below_the_cap"

    def _on_PayoutCapChanged(self, values: Mapping[str, Any], _members: Membership) -> None:
        assert values["previous"] == self._cap, "the_cap_is_what_a_quorum_set_last"
        self._cap = values["current"]
        assert self._world.view("distributor", "payoutCap") == self._cap, "the_cap_is_what_a_quorum_set_last"

    def _spend(self, values: Mapping[str, Any], invariant: str) -> None:
        entry = (values["sequence"], self._roots[values["sequence"]], values["index"])
        assert entry not in self._spent, f"{invariant}: {entry}"
        self._spent.add(entry)
