"""Chains that are reorganised or rewritten, nodes that lag or lie: what is taken back, and when a daemon stops."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.audit.ledger_chain import LedgerChain
from unit.audit.life import Life
from unit.ledger.actors import AURORA, private_key, word_of

from orchestrator.chain.contracts import private_of, public_of
from orchestrator.chain.port import Block, RawLog
from orchestrator.chain.reader import read_records
from orchestrator.daemon import listener as listening
from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN
from orchestrator.daemon.approvals import OperatorBook
from orchestrator.daemon.cursor import RECENT, Cursor, Mark
from orchestrator.daemon.following import Following, Machine
from orchestrator.daemon.gate import Approvals
from orchestrator.daemon.handlers.checkpoints import ATTESTED
from orchestrator.daemon.history import History
from orchestrator.daemon.journal import Journal
from orchestrator.daemon.listener import Behind
from orchestrator.daemon.services import Services
from orchestrator.errors import ChainError, ChainRewritten
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
    def of(cls, life: Life, home: Path) -> Followed:
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


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    """A round, anchored and paid."""
    life = Life()
    life.round()
    made = Followed.of(life, tmp_path)
    made.go()
    made.check()
    yield made
    made.services.journal.close()


@pytest.fixture(autouse=True)
def believed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "LAG_SECONDS", 0.0)


def accept(life: Life, word: str) -> None:
    """A record that follows from no other."""
    told = {"agreement_digest": word_of(word), "organisation": AURORA, "leaf_salt": word_of("salt", word)}
    key = private_key("authority", AURORA)
    life.private.transact(key, life.private.addresses["RoundLedger"], b"", [("RoundLedger", "AgreementAccepted", told)])


def test_a_private_reorganisation_is_rolled_back_to_the_common_block(followed: Followed) -> None:
    head = followed.life.private.block_number()
    for word in ("one", "two", "three"):
        accept(followed.life, word)
        followed.go(1)
    assert word_of("three") in followed.state.ledger.agreements
    followed.life.private.rewind(head + 1)
    accept(followed.life, "another")
    followed.go()
    followed.check()
    assert word_of("one") in followed.state.ledger.agreements and word_of("another") in followed.state.ledger.agreements
    assert word_of("two") not in followed.state.ledger.agreements
    assert followed.alarms == [] and len(followed.state.anchored) == 1
    told = [item for item in followed.services.journal.events() if item["event"] == "rolled-back"]
    assert [item["side"] for item in told] == ["private"] and told[0]["cursor"]["number"] == head + 1


def test_what_was_done_is_wanted_again_after_a_reorganisation(followed: Followed) -> None:
    head = followed.life.private.block_number()
    accept(followed.life, "one")
    followed.go(1)
    done, under_way = frozenset({"train/1"}), frozenset({"judge/1"})
    followed.machine.state = followed.state.with_(done=done, in_flight=under_way)
    followed.services.journal.effect_started("train/1", local=True)
    followed.services.journal.effect_completed("train/1")
    followed.life.private.rewind(head)
    accept(followed.life, "another")
    followed.go(1)
    assert followed.state.done == frozenset() and followed.state.in_flight == under_way
    assert followed.services.journal.done() == frozenset()


def test_approvals_are_of_the_chain_as_it_was(followed: Followed) -> None:
    """After a reorganisation the same id may stand for a round under another task."""
    book, head = OperatorBook(followed.services.journal), followed.life.private.block_number()
    book.approve("submit/2")
    book.deny("attest/1/0")
    book.pause(True)
    accept(followed.life, "one")
    followed.go(1)
    assert book.approvals.approved == {"submit/2"}
    followed.life.private.rewind(head)
    accept(followed.life, "another")
    followed.go(1)
    expected = Approvals(denied=frozenset({"attest/1/0"}), paused=True)
    assert book.approvals == OperatorBook(followed.services.journal).approvals == expected


def test_local_work_stays_done_where_only_the_public_chain_changed(followed: Followed) -> None:
    followed.services.journal.effect_started("settle-keys/1", local=True)
    followed.services.journal.effect_completed("settle-keys/1")
    followed.machine.state = followed.state.with_(done=frozenset({"settle-keys/1", "relay/1"}))
    followed.life.public.rewind(followed.life.public.block_number() - 3)
    followed.life.public.mine(4)
    followed.go()
    assert followed.state.done == {"settle-keys/1"} == followed.services.journal.done()


@pytest.mark.parametrize("depth", [1, 3, 50])
def test_a_public_reorganisation_is_nothing_special(followed: Followed, depth: int) -> None:
    """Checkpoint, awards and claims go with their blocks, and come again with other ones."""
    assert set(followed.state.anchored) == {1} and followed.state.claimed
    before = followed.state
    followed.life.public.rewind(max(followed.life.public.block_number() - depth, 0))
    followed.life.public.mine(2)
    followed.go()
    assert followed.state.ledger == before.ledger and followed.alarms == []
    assert len(followed.state.claimed) < len(before.claimed)
    assert (set(followed.state.anchored) == set()) == (depth == 50)
    followed.check()


def test_a_chain_that_no_longer_holds_what_was_attested_stops_signing(followed: Followed) -> None:
    due = followed.state.ledger.due[0]
    note = {"block": due.block, "hash": followed.life.private.block(due.block).hash}
    followed.services.journal.put(ATTESTED, "1", note)
    followed.life.private.rewind(due.block - 1)
    followed.life.private.mine(2)
    followed.go()
    followed.check()
    assert followed.alarms == [PRIVATE_CHAIN_REWRITTEN]
    (alarm,) = followed.services.journal.alarms()
    assert "checkpoint 1" in alarm.text and "compare the chain" in alarm.text
    with pytest.raises(ChainRewritten, match="nothing is signed or sent"):
        Services.check_signing(followed.services)
    followed.start()
    followed.go()
    assert followed.alarms == [PRIVATE_CHAIN_REWRITTEN], "a restart clears nothing"
    followed.services.journal.clear_alarm(PRIVATE_CHAIN_REWRITTEN)
    Services.check_signing(followed.services)
    followed.go()
    assert followed.alarms == [], "what the operator has seen is not told again"


def test_a_rewriting_behind_the_last_attestation_alone_is_an_alarm(followed: Followed) -> None:
    """The marks are farther apart than the blocks: what was attested is looked at itself."""
    due = followed.state.ledger.due[0]
    note = {"block": due.block, "hash": followed.life.private.block(due.block).hash}
    followed.services.journal.put(ATTESTED, "1", note)
    followed.life.private.rewind(due.block)
    followed.life.private.mine(3)
    followed.go()
    followed.check()
    assert followed.alarms == []


def test_a_chain_that_was_rewritten_while_the_daemon_was_away_is_found_out(followed: Followed) -> None:
    due = followed.state.ledger.due[0]
    note = {"block": due.block, "hash": followed.life.private.block(due.block).hash}
    followed.services.journal.put(ATTESTED, "1", note)
    followed.life.private.rewind(due.block - 1)
    followed.life.private.mine(30)
    followed.start()
    followed.go()
    followed.check()
    assert followed.alarms == [PRIVATE_CHAIN_REWRITTEN]


def test_a_restart_on_the_same_chain_tells_no_record_twice(followed: Followed) -> None:
    before = [item for item in followed.services.journal.events() if item["event"] == "record"]
    followed.start()
    followed.go()
    followed.check()
    accept(followed.life, "one")
    followed.go(1)
    after = [item for item in followed.services.journal.events() if item["event"] == "record"]
    assert len(before) == len(followed.truth.records) - 1 and len(after) == len(before) + 1


def test_a_node_that_leaves_out_what_it_told_before_is_not_believed(followed: Followed) -> None:
    """Below the cursor facts are compared: an earlier process had made another tree of them."""
    followed.start()
    followed.private.hidden = {followed.truth.records[-1].block}
    for _ in range(2):
        with pytest.raises(ChainError, match="tells other records"):
            followed.go()
    followed.private.hidden = set()
    followed.go()
    followed.check()


def test_a_node_that_lags_is_waited_for(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of several nodes behind one address may have fewer blocks for a moment: that is no reorganisation."""
    now = [100.0]
    monkeypatch.setattr(listening.time, "monotonic", lambda: now[0])
    followed.following._listener._patience = 20.0
    accept(followed.life, "one")
    followed.go(1)
    head = followed.life.private.block_number()
    followed.life.private.rewind(head - 1)
    for now[0] in (101.0, 110.0, 120.9):
        with pytest.raises(Behind, match=f"has {head - 1} blocks, {head} were read before"):
            followed.go(1)
    assert word_of("one") in followed.state.ledger.agreements
    now[0] = 121.0
    followed.go(1)
    assert word_of("one") not in followed.state.ledger.agreements, "it stays so short: it is another chain"
    followed.check()


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


@settings(max_examples=20, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 1 << 16), trouble=st.sampled_from([0.0, 0.1, 0.3]))
def test_whatever_a_node_says_the_state_is_that_of_the_chain(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], seed: int, trouble: float
) -> None:
    """Silent, malformed, doubled, of other blocks: wrong answers are read again. Reorganised: the state follows."""
    life = Life()
    followed = Followed.of(life, tmp_path_factory.mktemp("lying"))
    first = life.private.block_number()
    for place, (what, number) in enumerate(steps):
        for node in (followed.private, followed.public):
            node.trouble, node.random = trouble, random.Random(seed + place)
        act(followed, what, number, place, first)
    for node in (followed.private, followed.public):
        node.trouble = 0.0
    life.private.mine()
    life.public.mine()
    tick(followed, 6)
    assert followed.following.caught_up
    followed.check()
    followed.services.journal.close()


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


# -- the cursor


def marks(*numbers: int) -> list[Mark]:
    return [Mark(number, word_of("block", number)) for number in numbers]


def test_marks_are_dense_at_the_end_and_reach_back_to_the_beginning() -> None:
    cursor = Cursor(0)
    for number in range(100_000):
        cursor.moved(Mark(number, word_of(1)))
    numbers = [mark.number for mark in cursor.marks]
    assert numbers == sorted(set(numbers)) and len(numbers) < RECENT + 20
    assert numbers[0] == 0 and numbers[-RECENT:] == list(range(100_000 - RECENT, 100_000))


def test_a_cursor_is_kept_and_restored() -> None:
    cursor = Cursor(3, marks(4, 9))
    again = Cursor.restored(3, cursor.document())
    assert again.marks == cursor.marks and again.last == marks(9)[0]
    again.moved(marks(7)[0])
    assert again.last == marks(9)[0], "what was read before is not marked again"
    again = again.until(8)
    assert again.last == marks(4)[0]
