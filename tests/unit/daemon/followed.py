"""A daemon's reading of chains that may be reorganised, through nodes that may lie."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self, TypeVar

from hypothesis import strategies as st
from unit.audit.ledger_chain import LedgerChain
from unit.audit.life import Life
from unit.ledger.actors import AURORA, private_key, word_of

from orchestrator.chain.contracts import private_of, public_of
from orchestrator.chain.port import Block, RawLog
from orchestrator.chain.reader import read_records
from orchestrator.daemon.following import Following, Machine
from orchestrator.daemon.history import History
from orchestrator.daemon.journal import Journal
from orchestrator.errors import ChainError
from orchestrator.ledger.state import EMPTY
from orchestrator.ledger.view import Ledger
from orchestrator.protocol.state import NodeState


class Node:
    """Stands between the daemon and a chain, and may lie.

    Attributes:
        hidden: records of these blocks are left out. trouble: share of the answers that fail or are wrong.
    """

    def __init__(self, truth: LedgerChain) -> None:
        self.truth = truth
        self.hidden: set[int] = set()
        self.trouble, self.random = 0.0, random.Random(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.truth, name)

    def _fault(self) -> str:
        if self.random.random() >= self.trouble:
            return ""
        return self.random.choice(["silent", "lie"])

    def block_number(self) -> int:
        fault = self._fault()
        if fault == "silent":
            raise ChainError("no answer")
        return self.truth.block_number() + (self.random.choice([-2, -1, 1, 3]) if fault else 0)

    def block(self, number: int) -> Block:
        return self.blocks([number])[0]

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        fault, honest = self._fault(), self.truth.blocks(numbers)
        if fault == "silent":
            raise ChainError("no answer")
        return list(reversed(honest)) if fault else honest

    def logs(self, addresses: Any, from_block: int, to_block: int, topics: Any = ()) -> list[RawLog]:
        fault = self._fault()
        if fault == "silent":
            raise ChainError("no answer")
        found = self.truth.logs(addresses, from_block, to_block, topics)
        if fault and found:
            place = self.random.randrange(len(found))
            lies: list[list[RawLog]] = [
                [*found, found[place]],
                [replace(found[place], block_hash=word_of("another block")), *found[place + 1 :]],
                [replace(found[place], block=to_block + 1)],
                [replace(found[place], transaction=word_of("another transaction")), *found[place + 1 :]],
            ]
            return self.random.choice(lies)
        return [log for log in found if log.block not in self.hidden]

    def transactions(self, hashes: Sequence[Any]) -> list[Mapping[str, Any]]:
        fault, honest = self._fault(), self.truth.transactions(hashes)
        return [{**item, "nonce": "0x77"} for item in honest] if fault else honest


@dataclass
class Followed:
    """A life on two chains, and a node that follows it."""

    life: Life
    home: Path
    private: Node
    public: Node
    services: Any
    following: Following
    machine: Machine

    @classmethod
    def of(cls, life: Life, home: Path) -> Self:
        private, public = Node(life.private), Node(life.public)
        life.public.views["AwardDistributor", "vestedFrom"] = lambda: [99]
        made = cls(life, home, private, public, None, None, None)  # type: ignore[arg-type]
        made.start()
        return made

    def start(self) -> None:
        """As a new process: all that is left of the one before is on the disk."""
        if self.services is not None:
            self.services.journal.close()
        self.services = SimpleNamespace(
            me=AURORA,
            private=private_of(self.private, self.life.deployments["private"]),  # type: ignore[arg-type]
            public=public_of(self.public, self.life.deployments["public"]),  # type: ignore[arg-type]
            journal=Journal(self.home, "scope"),
            history=History(),
            tasks=self.life.tasks,
            task_of=lambda found, **_: self.life.tasks[found.opening.task_digest],
        )
        self.machine = Machine(NodeState(AURORA, EMPTY))
        self.following = Following(self.services, self.machine)

    @property
    def state(self) -> NodeState:
        return self.machine.state

    def go(self, ticks: int = 3) -> None:
        for _ in range(ticks):
            self.following.follow(lambda: None)
        assert self.following.caught_up

    @property
    def truth(self) -> Ledger:
        """What a reader who begins now finds."""
        contracts = private_of(self.life.private, self.life.deployments["private"])
        first, head = contracts.deployment.first_block, self.life.private.block_number()
        return Ledger(read_records(self.life.private, contracts, first, head))

    def check(self) -> None:
        truth = self.truth
        assert self.state.ledger == truth.state
        assert self.services.history.records == list(truth.records)
        assert self.services.history.tree.root() == truth.tree.root()

    @property
    def alarms(self) -> list[str]:
        return [alarm.name for alarm in self.services.journal.alarms()]


F = TypeVar("F", bound=Followed)


@contextmanager
def after_a_round(kind: type[F], home: Path) -> Iterator[F]:
    """A round, anchored and paid, and all of it followed."""
    life = Life()
    life.round()
    made = kind.of(life, home)
    made.go()
    made.check()
    yield made
    made.services.journal.close()


def accept(life: Life, word: str) -> None:
    """A record that follows from no other."""
    told = {"agreement_digest": word_of(word), "organisation": AURORA, "leaf_salt": word_of("salt", word)}
    key = private_key("authority", AURORA)
    life.private.transact(key, life.private.addresses["RoundLedger"], b"", [("RoundLedger", "AgreementAccepted", told)])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.integers(0, 9)),
        st.tuples(st.just("mine"), st.integers(1, 3)),
        st.tuples(st.just("private"), st.integers(1, 4)),
        st.tuples(st.just("public"), st.integers(1, 9)),
        st.tuples(st.just("tick"), st.integers(1, 4)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=25,
)


def act(followed: Followed, what: str, number: int, place: int, first: int) -> None:
    life = followed.life
    match what:
        case "record":
            accept(life, f"{place}/{number}")
        case "mine":
            life.private.mine(number)
            life.public.mine(number)
        case "private":
            life.private.rewind(max(life.private.block_number() - number, first))
            life.private.mine(number)
        case "public":
            life.public.rewind(max(life.public.block_number() - number, 8))
            life.public.mine(number)
        case "tick":
            tick(followed, number)
        case "restart":
            followed.start()


def tick(followed: Followed, count: int) -> None:
    """As the node does it: what a chain's node has wrong is waited for."""
    for _ in range(count):
        try:
            followed.following.follow(lambda: None)
        except ChainError:
            continue
