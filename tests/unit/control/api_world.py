"""A daemon's API over a simulated consortium: real ledger, real journal, a node that stands still.

Import it as ``from unit.control.api_world import World``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS
from unit.protocol.simulation import Simulation

from orchestrator.daemon.api.app import Terms, application
from orchestrator.daemon.api.tokens import Scope, Tokens, read_token, token_path
from orchestrator.daemon.approvals import OperatorBook
from orchestrator.daemon.control import Control
from orchestrator.daemon.gate import Gate, Mode
from orchestrator.daemon.journal import Alarm, Journal
from orchestrator.daemon.metrics import Meters, registry_of
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState

FAST = Terms(rate=1e6, burst=1_000_000)
MODES = (Mode.OVERSIGHT, Mode.MANUAL, Mode.AUTO)


@dataclass(frozen=True)
class Head:
    head: int
    followed: int
    seen_at: float


@dataclass(frozen=True)
class Health:
    ready: bool
    reasons: Sequence[str]
    heads: Mapping[str, Head]
    in_flight: Sequence[str]
    alarms: Sequence[Alarm]


@dataclass
class StillNode:
    """Stands where a Node does."""

    state: NodeState
    journal: Journal
    waiting: Sequence[fx.Effect] = ()
    ready: bool = True
    reasons: Sequence[str] = ()
    passing: tuple[Alarm, ...] = ()

    def health(self) -> Health:
        private, public, now = self.state.private_block, self.state.public_block, time.time()
        heads = {"private": Head(private + 2, private, now - 1), "public": Head(public, public, now - 12)}
        flying = sorted(self.state.in_flight)
        return Health(self.ready, self.reasons, heads, flying, (*self.journal.alarms(), *self.passing))


class World:
    """One organisation's control, and clients of its API.

    Args:
        home: its folder. life: where its state comes from; a round and a revocation under way by default.
    """

    def __init__(
        self, home: Path, *, gate: Gate | None = None, terms: Terms = FAST, life: Simulation | None = None
    ) -> None:
        self.home, self.journal = home, Journal(home, "1337/0xabc")
        state = (life or lively()).nodes[AURORA].state
        waiting = (fx.SubmitUpdate(2), fx.AttestCheckpoint(3, 0), fx.TrainUpdate(2))
        self.node = StillNode(replace(state, in_flight=frozenset({"judge/1"})), self.journal, waiting)
        self.control = Control(self.node, gate or Gate(Mode.OVERSIGHT), OperatorBook(self.journal), self.journal)
        self.tokens = Tokens(home)
        self.registry = registry_of(self.control, Meters(home))
        self.app, self.asgi = application(self.control, self.tokens, self.registry, terms)

    def token(self, scope: Scope) -> str:
        return read_token(token_path(self.home, scope))

    def client(self, scope: Scope = Scope.NONE) -> TestClient:
        """A client with that token, at a name that the API goes by."""
        headers = {} if scope is Scope.NONE else {"Authorization": f"Bearer {self.token(scope)}"}
        return TestClient(self.asgi, base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False)

    def get(self, path: str, scope: Scope = Scope.READ, **query: Any) -> Any:
        """The parsed answer, which must be 200."""
        answer = self.client(scope).get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def lively() -> Simulation:
    """A closed round, a revocation of it that is carried out, another that is asked for, and an open round."""
    life = Simulation()
    life.until(lambda: all(name in life.history.state.prekeys for name in life.nodes))
    life.open_round()
    life.settle()
    life.request(CUMULUS)
    life.settle()
    life.open_round()
    life.until(lambda: bool(life.history.state.rounds[2].submissions))
    life.request(BOREALIS)
    for node in life.nodes.values():
        life.told(node)
    return life
