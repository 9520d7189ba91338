"""A simulated consortium in which members lack content keys, and others have them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from unit.ledger.actors import MEMBERS, cid_of, task, word_of
from unit.protocol.simulation import Node, Simulation

from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.catch_ups import latest_catch_up, needed, shareable, shareable_updates, stands
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.state import NodeState
from orchestrator.types import OrganisationId, UpdateId

DORADO = OrganisationId("dorado")
CATCHING_UP = (fx.AskCatchUp, fx.OpenCatchUp, fx.AnswerCatchUp, fx.SettleCatchUp, fx.ForgetAnswer)


class Catching(Simulation):
    """Nodes with content keys, of which only what their members collected or were given is there.

    Args:
        liars: members whose answers hold nothing that opens. greedy: those of them that do not wait for their turn.
    """

    def __init__(
        self,
        members: Sequence[OrganisationId] = MEMBERS,
        *,
        passive: Sequence[OrganisationId] = (),
        liars: Collection[OrganisationId] = (),
        greedy: Collection[OrganisationId] = (),
    ) -> None:
        super().__init__(members, quorum=len(members) // 2 + 1, passive=passive, spec=task(minimum_updates=1))
        self.liars, self.greedy, self.objects_wanted = set(liars), set(greedy), False
        self.keys: dict[OrganisationId, set[UpdateId]] = {name: set() for name in members}
        self.one_time: dict[OrganisationId, set[int]] = {}
        self.made: set[int] = set()
        self.objects: dict[tuple[int, OrganisationId], set[UpdateId]] = {}

    def past_rounds(self, count: int) -> None:
        """Rounds in which all members, also silent ones, took part while they still ran their nodes."""
        for _ in range(count):
            self.history.round(self.spec)
        for name in self.history.state.members.seats:
            self.keys[name] = set(self.history.state.updates)

    def join(self, name: OrganisationId = DORADO) -> None:
        self.history.change_members((*self.history.state.members.seats, name))
        self.nodes[name] = Node(NodeState(me=name, ledger=LedgerState()))
        self.keys[name] = set()

    def missing(self, name: OrganisationId) -> set[UpdateId]:
        return set(shareable_updates(self.history.state)) - self.keys[name]

    def step(self) -> None:
        """Who is greedy acts before anybody has seen the block."""
        for name in sorted(self.greedy):
            for asked in [*self.history.state.catch_ups.values()]:
                if stands(self.history.state, asked) and name not in (asked.organisation, *asked.answers):
                    self._answer(name, asked.number)
        super().step()

    def decide(self, node: Node, heads: ev.BlockSeen) -> tuple[fx.Effect, ...]:
        ledger = self.told(node).ledger
        wanted = needed(ledger, node.me, heads.private_block) if self.objects_wanted else shareable_updates(ledger)
        unopened = frozenset(set(wanted) - self.keys[node.me])
        own = latest_catch_up(node.state.ledger, node.me)
        lost = own is not None and own.number not in self.one_time.get(node.me, set())
        keyless = frozenset({own.number}) if own is not None and lost else frozenset()
        asked = ledger.catch_ups.values()
        foreign = frozenset(item.number for item in asked if item.organisation == node.me) - self.made
        return super().decide(node, replace(heads, unopened=unopened, keyless=keyless, foreign_requests=foreign))

    def perform(self, node: Node, effect: fx.Effect) -> None:
        state, me = self.history.state, node.me
        match effect:
            case fx.AskCatchUp():
                number = self.asked_by(me)
                self.one_time.setdefault(me, set()).add(number)
                self.made.add(number)
            case fx.AnswerCatchUp():
                found = latest_catch_up(state, effect.organisation)
                assert found is not None and found.ordinal >= effect.ordinal
                if found.ordinal == effect.ordinal:  # else superseded since, and the contract takes no answer to it
                    self._answer(me, found.number)
            case fx.OpenCatchUp():
                assert effect.number in self.one_time[me], "opened with a key that was destroyed"
                self.keys[me] |= self.objects[effect.number, effect.organisation] & set(shareable(state))
            case fx.SettleCatchUp():
                self.one_time.get(me, set()).discard(effect.number)
            case fx.SubmitUpdate():
                super().perform(node, effect)
                self.keys[me] |= {item.id for item in self.history.state.updates.values() if item.organisation == me}
            case fx.CollectUpdates():
                found_round = state.rounds[effect.round]
                self.keys[me] |= set(found_round.submissions) if me in found_round.recipients else set()
            case _:
                super().perform(node, effect)

    def asked_by(self, name: OrganisationId) -> int:
        """Whoever can sign for a member's delegate asks in its name, with a key that only the caller may know."""
        number = len(self.history.state.catch_ups) + 1
        key = f"one-time/{number}".encode()
        fields = {"number": number, "organisation": name, "key_digest": sha256(key), "key": "0x" + key.hex()}
        self.history.tell("CatchUpAsked", name, **fields)
        return number

    def _answer(self, name: OrganisationId, number: int) -> None:
        given = set() if name in self.liars else self.keys[name] & set(shareable(self.history.state))
        self.objects[number, name] = given
        fields = {"number": number, "organisation": name, "cid": cid_of("answer", number, name)}
        self.history.tell("CatchUpAnswered", name, object_digest=word_of("answer", number, name), **fields)


def caught_up(life: Catching, name: OrganisationId = DORADO) -> Callable[[], bool]:
    return lambda: not life.missing(name)
