"""One organisation's real node among simulated ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA

from orchestrator.daemon.cursor import Cursor
from orchestrator.daemon.node import Node
from orchestrator.protocol import events as ev


class Heard:
    """Stands where a Listener does: tells what the simulated chains have for the member.

    Attributes:
        fails: raised by the next calls, one each.
        branched: side and block of a reorganisation that is found next.
    """

    def __init__(self, life: Consortium) -> None:
        self.life, self.read, self.public = life, 0, 0
        self.fails: list[Exception] = []
        self.branched: dict[str, int] = {}
        self.events: list[ev.Event] = []
        self.cursors = {"private": Cursor(0), "public": Cursor(0)}
        self.passed_over: list[Any] = []

    private_head = public_head = 0

    def branches_off(self, side: str) -> int | None:
        return self.branched.pop(side, None)

    def roll_back(self, side: str, block: int) -> None:
        self.events = [
            fact for fact in self.events if not isinstance(fact, ev.RecordSeen) or fact.record.block <= block
        ]
        self.read = len([fact for fact in self.life.private if fact in self.events])
        self.public = 0

    def begin(self) -> None:
        self.events, self.read, self.public = [], 0, 0

    def told(self) -> list[ev.Event]:
        return self.events

    def cursor(self, side: str) -> Cursor:
        return self.cursors[side]

    def heads_of_nodes(self) -> dict[str, int]:
        return {"private": self.private_head, "public": self.public_head}

    def private_facts(self, ledger: Any) -> Iterator[ev.Event]:
        if self.fails:
            raise self.fails.pop(0)
        self.life.gather()
        fresh, self.read = self.life.private[self.read :], len(self.life.private)
        self.events += fresh
        yield from fresh

    def public_facts(self, own_awards: Callable[[int], tuple[int, ...]]) -> Iterator[ev.Event]:
        fresh = []
        for found in self.life.public[self.public :]:
            told = ev.AwardsPublishedSeen(*found, own_awards(found[0])) if isinstance(found, tuple) else found
            fresh.append(told)
        self.public += len(fresh)
        self.events += fresh
        yield from fresh

    def heads(self, ledger: Any) -> ev.BlockSeen:
        return self.life.block_seen()


def lone(life: Consortium, **how: Any) -> tuple[Node, Heard]:
    """Aurora's own node; the two others are simulated."""
    life.nodes.pop(AURORA, None)
    services = life.make_services(AURORA)
    life.services[AURORA] = services
    node, heard = Node(services, **how), Heard(life)
    node._following._listener = heard  # type: ignore[assignment]
    return node, heard


def status(life: Consortium) -> str:
    return str(json.loads((life.home / AURORA / "status.json").read_text())["stage"])


def run(node: Node, ticks: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Runs until that many ticks were tried."""
    stop, tried, honest = threading.Event(), [], node.tick

    def tick() -> None:
        tried.append(1)
        if len(tried) >= ticks:
            stop.set()
        honest()

    monkeypatch.setattr(node, "tick", tick)
    node.run(stop, tick=0.001)
    return len(tried)
