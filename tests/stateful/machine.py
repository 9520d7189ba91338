"""What both machines share: actions and their weights, one of them held against the model's answer, the count of them.

Hypothesis switches off half of a machine's rules in each run, to see the others more often. A life that shall come as
far as a claim or a certificate needs them all; so a machine has one rule, which draws one of its actions.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from stateful.anvil_client import Reverted
from stateful.chain_world import Contract, Event, Key, World
from stateful.refusals import Refused

from orchestrator.errors import LoranchorError

T = TypeVar("T")
Action = Callable[[Any, st.DataObject], None]


def action(weight: int = 1, *, when: Callable[[Any], object] = lambda machine: True) -> Callable[[Action], Action]:
    """Marks a method as something that a life may go on with, so often among the others, while ``when`` holds."""

    def mark(method: Action) -> Action:
        method.action = (weight, when)  # type: ignore[attr-defined]
        return method

    return mark


class Tally:
    """What a campaign did. A step is one transaction that was mined, or one call that was refused, as predicted."""

    def __init__(self) -> None:
        self.lives = 0
        self.failed_at: int | None = None
        self.sent: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.events: Counter[str] = Counter()

    @property
    def steps(self) -> int:
        return self.sent.total() + self.refused.total()

    def __str__(self) -> str:
        share = f"{self.sent.total()} mined, {self.refused.total()} refused by {len(self.refused)} errors"
        return f"{self.steps} steps in {self.lives} lives ({share})"


class Machine(RuleBasedStateMachine):
    """One life of a consortium. Subclasses set up their models in ``begin`` and name their invariants."""

    world: ClassVar[World]
    tally: ClassVar[Tally]
    weights: ClassVar[Mapping[str, int]] = {}
    """Weights that differ from those that the actions were marked with."""

    def __init__(self) -> None:
        super().__init__()
        self.story: list[str] = []
        self.world.restore()
        self.tally.lives += 1
        self.begin()

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        name = data.draw(self._every_action().filter(self._is_possible), "action")
        try:
            getattr(self, name)(data)
        except (AssertionError, LoranchorError) as error:
            self._tell(error)
            raise

    @classmethod
    @cache
    def actions(cls) -> dict[str, tuple[int, Callable[[Any], object]]]:
        """Weight and condition of every action by its name."""
        methods = {name: getattr(cls, name) for name in dir(cls)}
        marked = {name: method.action for name, method in methods.items() if hasattr(method, "action")}
        weighed = {name: (cls.weights.get(name, weight), when) for name, (weight, when) in marked.items()}
        return dict(sorted(weighed.items(), key=lambda entry: -entry[1][0]))  # what comes first is the simplest

    @classmethod
    @cache
    def _every_action(cls) -> st.SearchStrategy[str]:
        """All of them at any time: what a draw means must not depend on the state, or a life cannot be cut short."""
        return st.sampled_from([name for name, (weight, _when) in cls.actions().items() for _ in range(weight)])

    def _is_possible(self, name: str) -> bool:
        return bool(self.actions()[name][1](self))

    def begin(self) -> None:
        """Models of a world as it was deployed."""
        raise AssertionError("a machine sets up its models")

    def observe(self, sender: Key, contract: Contract, function: str, events: Sequence[Event]) -> None:
        """Holds the invariants against what the chain shows after a transaction."""
        raise AssertionError("a machine checks its invariants")

    def end(self) -> None:
        """What is checked of a whole life."""

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:  # a life that failed is not held against anything more
            try:
                self.end()
            except (AssertionError, LoranchorError) as error:
                self._tell(error)
                raise

    def _tell(self, error: Exception) -> None:
        self.tally.failed_at = self.tally.failed_at or self.tally.steps
        error.add_note("what happened:\n  " + "\n  ".join(self.story))

    @property
    def block(self) -> int:
        """The block that the next transaction will be in."""
        return self.world.anvil.height + 1

    def act(self, sender: Key, label: str, function: str, *arguments: Any, model: Callable[[], object]) -> list[Event]:
        """One step. ``model`` changes the model, or raises ``Refused`` as the contract is to revert.

        Returns the events; none where it was refused.
        """
        contract = self.world[label]
        data = contract.encode(function, arguments)
        given = ", ".join(map(brief, arguments))
        what = f"{label}.{function}({given}) by {sender!r} in block {self.block}"
        try:
            model()
        except Refused as refusal:
            self.story.append(f"{what}: {refusal}")
            self._is_refused(sender, contract, data, refusal, what)
            self.tally.refused[refusal.error] += 1
            return []
        self.story.append(what)
        receipt = self.world.anvil.send(sender.address, contract.address, data)
        assert receipt["status"] == "0x1", (
            f"{what}: allowed by the model, refused with {self._why(sender, contract, data)}"
        )
        events = self.world.events(receipt)
        self.tally.sent[function] += 1
        self.tally.events.update(told(event) for event in events)
        self.observe(sender, contract, function, events)
        return events

    def mine(self, blocks: int) -> None:
        """Time passes."""
        self.story.append(f"{blocks} empty blocks")
        self.world.anvil.mine(blocks)

    def _is_refused(self, sender: Key, contract: Contract, data: bytes, refusal: Refused, what: str) -> None:
        expected = self.world.error_data(refusal.error, refusal.values)
        try:
            self.world.anvil.attempt(sender.address, contract.address, data)
        except Reverted as reverted:
            found = self.world.error_text(reverted.data)
            assert reverted.data == expected, f"{what}: the model expects {refusal}, the contract says {found}"
            return
        raise AssertionError(f"{what}: the model expects {refusal}, the contract allows it")

    def _why(self, sender: Key, contract: Contract, data: bytes) -> str:
        """The error of a transaction that was refused: it is asked for again, one block later."""
        try:
            self.world.anvil.attempt(sender.address, contract.address, data)
        except Reverted as reverted:
            return self.world.error_text(reverted.data)
        return "an error that the next block does not give any more"


def told(event: Event) -> str:
    """How the tally names an event; why a round failed belongs to it."""
    return f"{event.name}: {event.values['reason']}" if event.name == "RoundFailed" else event.name


def brief(value: object) -> str:
    """An argument as the story of a life tells it."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(brief, value))}]"
    if isinstance(value, bytes):
        return brief("0x" + value.hex())
    if isinstance(value, str) and value.startswith("0x") and len(value) > 12:
        return value[:10] + "…"
    return f"{type(value).__name__}(…)" if is_dataclass(value) or isinstance(value, dict) else repr(value)


def one(data: st.DataObject, items: Sequence[T], label: str) -> T:
    """One of several; the first is the simplest."""
    return data.draw(st.sampled_from(list(items)), label)


def several(data: st.DataObject, items: Sequence[T], count: int, label: str) -> list[T]:
    """So many different ones of them, in any order; fewer where there are not so many."""
    if not items or count <= 0:
        return []
    size = min(count, len(items))
    return data.draw(st.lists(st.sampled_from(list(items)), min_size=size, max_size=size, unique=True), label)


def chance(data: st.DataObject, one_in: int, label: str) -> bool:
    """True once in so many times; False is the simpler answer."""
    return data.draw(st.integers(0, one_in - 1), label) == one_in - 1


def odd(data: st.DataObject, plain: T, strange: Sequence[T], label: str) -> T:
    """Mostly the plain value, sometimes a strange one that the contracts take all the same."""
    return one(data, strange, label) if chance(data, 8, f"odd {label}") else plain


def signers(data: st.DataObject, entitled: Sequence[Key], quorum: int, others: Sequence[Key]) -> list[Key]:
    """Who signs a decision, and in which order: mostly a quorum in ascending order, as the contracts want it."""
    kind = one(data, ("quorum",) * 8 + ("all", "few", "doubled", "unsorted", "foreign"), "signers")
    count = {"all": len(entitled), "few": quorum - 1}.get(kind, quorum)
    chosen = sorted(several(data, entitled, count, "who signs"), key=lambda key: key.address)
    if kind == "doubled" and chosen:
        return [*chosen[:-1], chosen[0], chosen[-1]] if len(chosen) > 1 else chosen * 2
    if kind == "unsorted":
        return chosen[::-1]
    if kind == "foreign" and chosen and others:
        return sorted([*chosen[1:], one(data, others, "who signs besides")], key=lambda key: key.address)
    return chosen
