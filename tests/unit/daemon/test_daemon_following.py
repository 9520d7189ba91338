"""Chains that are reorganised or rewritten, nodes that lag or lie: what is taken back, and when a daemon stops."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.audit.life import Life
from unit.daemon.followed import STEPS, Followed, accept, act, after_a_round, tick
from unit.ledger.actors import word_of

from orchestrator.daemon import listener as listening
from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN
from orchestrator.daemon.approvals import OperatorBook
from orchestrator.daemon.gate import Approvals
from orchestrator.daemon.handlers.checkpoints import ATTESTED
from orchestrator.daemon.listener import Behind
from orchestrator.daemon.services import Services
from orchestrator.errors import ChainError, ChainRewritten

pytestmark = pytest.mark.usefixtures("believed_at_once")


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with after_a_round(Followed, tmp_path) as made:
        yield made


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
