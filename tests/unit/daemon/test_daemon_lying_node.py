"""A daemon before a node that lies, at the level of bytes of JSON-RPC, and what one dishonest node can get away with.

Everything of REFUSED leaves no trace: once the node is honest again, the daemon has exactly what a reader finds who
begins then. What a single node *can* do to the member that asks it alone:

- *withhold*: be silent, or answer with an older chain: the daemon waits, says so, and misses deadlines;
- *leave new events out*, or *change what an event says* in a transaction that is really its member's (nobody signs
  events): this member's state and records tree are others then than everybody's. So it attests a head that no quorum
  shares, and has spoilt its own signature for that sequence. The others' attestations show it, so does the audit, and
  on the private chain the next start before another node, which is refused until `loranchor daemon rescan`;
- *tell another hash of a block*: the daemon takes facts back and reads them again; where it has attested to that block
  it stops under PRIVATE_CHAIN_REWRITTEN, until its operator has looked. That is the safe side;
- *answer views falsely* (phases, deadlines, vesting): the daemon sends too early or too late, and is refused.

It cannot make anybody else's event: whose a record is follows from a signature (docs/decisions/0050).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.audit.life import Life
from unit.daemon.followed import STEPS, Followed, accept, act, after_a_round, tick
from unit.daemon.lying_node import REFUSED, LyingNode
from unit.ledger.actors import AURORA, BOREALIS, word_of

from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN, RECORD_PASSED_OVER
from orchestrator.daemon.handlers.checkpoints import ATTESTED
from orchestrator.daemon.rescan import forget_records
from orchestrator.errors import ChainError

pytestmark = pytest.mark.usefixtures("believed_at_once")


class Heard(Followed):
    """A follower whose chains are behind JSON-RPC."""

    nodes: tuple[LyingNode, LyingNode]

    @classmethod
    def of(cls, life: Life, home: Path) -> Self:
        life.public.views["AwardDistributor", "vestedFrom"] = lambda: [99]
        nodes = LyingNode(life.private), LyingNode(life.public)
        made = cls(life, home, nodes[0].connection(), nodes[1].connection(), None, None, None)  # type: ignore[arg-type]
        made.nodes = nodes
        made.start()
        return made

    def lie(self, trouble: float, seed: int, kinds: tuple[str, ...] = REFUSED) -> None:
        for place, node in enumerate(self.nodes):
            node.trouble, node.kinds, node.random = trouble, kinds, random.Random(seed + place)

    def recover(self) -> None:
        """The nodes are honest again, and go on."""
        self.lie(0.0, 0)
        for chain in (self.life.private, self.life.public):
            chain.mine()
        tick(self, 8)
        assert self.following.caught_up


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Heard]:
    with after_a_round(Heard, tmp_path) as made:
        yield made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, seed=st.integers(0, 1 << 32), trouble=st.sampled_from([0.02, 0.1, 0.3, 0.6]))
def test_a_lying_node_leaves_no_trace(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], seed: int, trouble: float
) -> None:
    """Whatever it lied about, between records, reorganisations and restarts: at the end all is as for a new reader."""
    life = Life()
    heard = Heard.of(life, tmp_path_factory.mktemp("lying"))
    first = life.private.block_number()
    for place, (what, number) in enumerate(steps):
        heard.lie(trouble, seed + 10 * place)
        act(heard, what, number, place, first)
    heard.recover()
    heard.check()
    assert heard.alarms == []
    heard.services.journal.close()


@pytest.mark.parametrize("kind", REFUSED)
def test_each_lie_by_itself(tmp_path: Path, kind: str) -> None:
    """A life of two rounds read under one kind of lie, at every place in turn."""
    life = Life()
    life.round()
    heard = Heard.of(life, tmp_path)
    for seed in range(25):
        heard.lie(0.5, seed, (kind,))
        tick(heard, 2)
        accept(life, f"{kind} {seed}")
        if seed % 8 == 7:
            heard.start()
    assert kind in heard.nodes[0].told | heard.nodes[1].told
    heard.recover()
    heard.check()
    heard.services.journal.close()


# -- what one node can get away with


def test_new_events_left_out_are_believed_until_the_next_start(heard: Heard) -> None:
    """The member's own tree is another one then: what it would attest is nobody else's. Nobody else is harmed."""
    accept(heard.life, "hidden")
    heard.nodes[0].hidden = {heard.life.private.block_number()}
    heard.go()
    assert heard.services.history.tree.root() != heard.truth.tree.root()
    heard.nodes[0].hidden = set()
    accept(heard.life, "shown")
    heard.go()
    assert heard.state.ledger != heard.truth.state
    heard.start()
    for _ in range(3):  # by name, and not in a loop of work: nothing is decided meanwhile
        with pytest.raises(ChainError, match="tells other records"):
            heard.go()
    assert forget_records(heard.services.journal) == heard.life.private.block_number()
    heard.start()  # the operator: today's node is right
    heard.go()
    heard.check()
    heard.start()
    heard.go()
    heard.nodes[0].hidden = {heard.life.private.block_number()}
    heard.start()
    with pytest.raises(ChainError, match="tells other records"):
        heard.go()


def test_public_events_left_out_are_found_at_the_next_start(tmp_path: Path) -> None:
    life = Life()
    life.round()
    heard = Heard.of(life, tmp_path)
    heard.nodes[1].hidden = set(range(life.public.block_number() + 1))
    heard.go()
    assert heard.state.last_anchored == 0, "it would bring the checkpoint again, and the contract refuse it"
    heard.nodes[1].hidden = set()
    heard.start()
    heard.go()
    assert heard.state.last_anchored == 1
    heard.check()
    heard.services.journal.close()


def test_an_event_with_another_content_changes_this_members_tree_alone(heard: Heard) -> None:
    """In a transaction that its member did sign, the node may say what it likes of what happened."""
    accept(heard.life, "said")
    other = word_of("another agreement")[2:]

    def edit(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        said = word_of("said")
        return [{**log, "topics": [t if t != said else "0x" + other for t in log["topics"]]} for log in logs]

    heard.nodes[0].edit = edit
    heard.go()
    assert "0x" + other in heard.state.ledger.agreements and word_of("said") not in heard.state.ledger.agreements
    assert heard.services.history.tree.root() != heard.truth.tree.root()


def test_nobodys_event_can_be_invented_for_another_member(heard: Heard) -> None:
    """Aurora's authority has signed; the node says that it was borealis who accepted: nobody counts that."""
    accept(heard.life, "said")

    def edit(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**log, "topics": [t if t != aurora else borealis for t in log["topics"]]} for log in logs]

    aurora, borealis = ("0x" + name.encode().ljust(32, b"\0").hex() for name in (AURORA, BOREALIS))
    heard.nodes[0].edit = edit
    heard.go()
    assert word_of("said") not in heard.state.ledger.agreements
    assert heard.alarms == [RECORD_PASSED_OVER]


def test_another_hash_of_a_block_that_was_attested_is_an_alarm_and_no_more(heard: Heard) -> None:
    due = heard.state.ledger.due[0]
    note = {"block": due.block, "hash": heard.life.private.block(due.block).hash}
    heard.services.journal.put(ATTESTED, "1", note)
    heard.lie(1.0, 3, ("another hash",))
    tick(heard, 6)
    heard.recover()
    heard.check()
    assert heard.alarms == [PRIVATE_CHAIN_REWRITTEN]


def test_an_answer_to_another_question_is_refused(heard: Heard) -> None:
    """A late answer, or one that is told twice, bears the number of its own question."""
    node = heard.nodes[0]
    connection = node.connection()
    connection.block_number()
    heard.life.private.mine(3)
    node.trouble, node.kinds = 1.0, ("late",)
    with pytest.raises(ChainError, match="answered another question"):
        connection.block_number()
