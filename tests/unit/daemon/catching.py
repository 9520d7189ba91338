"""A consortium whose daemons catch up, with real keys and seals: a member may join, lose its keys, or lie.

Import it as ``from unit.daemon.catching import Catching``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from unit.daemon.consortium import Consortium
from unit.daemon.contracts import SimulatedContracts
from unit.daemon.fake_workbench import FakeWorkbench
from unit.protocol.simulation import Node

from orchestrator.daemon.catching_up import Missing, context_of_answer
from orchestrator.daemon.foreign_requests import ForeignRequests
from orchestrator.envelope import ContentSecret, generate_prekey, prekey_digest, seal_catch_up
from orchestrator.errors import TransactionReverted
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.catch_ups import shareable_updates, stands
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.state import NodeState
from orchestrator.storage import MemoryStore
from orchestrator.types import Cid, OrganisationId, UpdateId

DORADO = OrganisationId("dorado")
Given = dict[UpdateId, ContentSecret]


class CatchUpContracts(SimulatedContracts):
    """What the KeyDirectory does with requests and answers."""

    def ask_catch_up(self, me: OrganisationId, key: bytes, salt: str) -> None:
        number = len(self._life.history.state.catch_ups) + 1
        named: dict[str, Any] = {"number": number, "organisation": me}
        self._life.history.tell("CatchUpAsked", me, **named, key_digest=prekey_digest(key), key="0x" + key.hex())

    def answer_catch_up(self, me: OrganisationId, number: int, digest: str, cid: str, salt: str) -> None:
        state = self._life.history.state
        if not stands(state, state.catch_ups[number]):
            raise TransactionReverted("superseded", error="KeyDirectoryCatchUpSuperseded")
        named: dict[str, Any] = {"number": number, "organisation": me, "object_digest": digest, "cid": cid}
        self._life.history.tell("CatchUpAnswered", me, **named)


class Catching(Consortium):
    """``log`` tells who did what, as everywhere."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.contracts = CatchUpContracts(self)
        self.missing = {name: Missing(services) for name, services in self.services.items()}
        self.foreign = {name: ForeignRequests(services) for name, services in self.services.items()}

    def decide(self, node: Node, heads: ev.BlockSeen) -> tuple[fx.Effect, ...]:
        self.told(node)
        heads = self.missing[node.me].compared(heads, node.state.ledger)
        return super().decide(node, self.foreign[node.me].compared(heads, node.state.ledger))

    def restart(self, name: OrganisationId) -> None:
        super().restart(name)
        self._look(name)

    def join(self, name: OrganisationId = DORADO) -> None:
        """A new member with a node, as after `org init` and a membership decision."""
        self.benches[name], self.stores[name] = FakeWorkbench(name), MemoryStore(self.swarm)
        self.keystores[name] = self._keystore(name)
        self.services[name] = self.make_services(name)
        self._look(name)
        self.history.change_members((*self.history.state.members.seats, name))
        agreement = self.history.agreement.digest
        self.history.tell("AgreementAccepted", name, agreement_digest=agreement, organisation=name)
        self.nodes[name] = Node(NodeState(me=name, ledger=LedgerState()))

    def _look(self, name: OrganisationId) -> None:
        self.missing[name], self.foreign[name] = Missing(self.services[name]), ForeignRequests(self.services[name])

    def steal(self, name: OrganisationId) -> int:
        """Somebody else, who can sign for the member's delegate, asks in its name; gives the request's number."""
        self.contracts.ask_catch_up(name, generate_prekey()[1], "")
        return len(self.history.state.catch_ups)

    def lacks(self, name: OrganisationId) -> set[UpdateId]:
        return set(shareable_updates(self.history.state)) - set(self.keystores[name].contents())

    def caught_up(self, name: OrganisationId = DORADO) -> Callable[[], bool]:
        return lambda: not self.lacks(name)

    def give(self, name: OrganisationId, number: int, given: Given | bytes, digest: str | None = None) -> None:
        """What a member may send where an answer belongs: any secrets, or any bytes."""
        asked = self.history.state.catch_ups[number]
        services = self.sync(name)
        made = given if isinstance(given, bytes) else self.sealed(name, number, given)
        cid = services.store.add(made)
        self.answered(name, number, digest or sha256(made), cid)
        assert name in self.history.state.catch_ups[asked.number].answers

    def sealed(self, name: OrganisationId, number: int, given: Given) -> bytes:
        asked = self.history.state.catch_ups[number]
        return seal_catch_up(given, context_of_answer(self.services[name], asked, name), asked.key)

    def answered(self, name: OrganisationId, number: int, digest: str, cid: Cid) -> None:
        self.contracts.answer_catch_up(name, number, digest, cid, "")

    def secrets(self, name: OrganisationId) -> Given:
        """The right ones of a member."""
        keystore = self.keystores[name]
        return {
            item: ContentSecret(keystore.content_key(item), keystore.content_salt(item)) for item in keystore.contents()
        }
