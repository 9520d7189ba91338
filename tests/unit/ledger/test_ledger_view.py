"""The ledger as of a block, and the checkpoints that follow from it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from unit.ledger.actors import AURORA, CHAIN_ID, cid_of, word_of
from unit.ledger.history import History, life

from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.awards import awards, awards_tree
from orchestrator.ledger.canonical import canonical_bytes, parse
from orchestrator.ledger.checkpoint import GENESIS, checkpoint_from_document
from orchestrator.ledger.entities import Due, Reason
from orchestrator.ledger.merkle import verify_consistency
from orchestrator.ledger.view import (
    Ledger,
    awards_of,
    checkpoint_content_at,
    due_checkpoints,
    manifest_at,
    state_at,
    tree_at,
    up_to,
)
from orchestrator.types import ZERO_DIGEST

LIFE = life()
HASH = word_of("block")


def test_up_to_takes_whole_blocks() -> None:
    for block in range(LIFE.block + 2):
        expected = [record for record in LIFE.records if record.block <= block]
        assert list(up_to(LIFE.records, block)) == expected
        assert state_at(LIFE.records, block).count == tree_at(LIFE.records, block).size == len(expected)


def test_content_of_a_closed_round() -> None:
    due = LIFE.state.due[1]
    content = checkpoint_content_at(LIFE.records, due, HASH, LIFE.tasks)
    assert (content.sequence, content.private_chain_id, content.private_block) == (2, CHAIN_ID, due.block)
    assert content.records_root == "0x" + tree_at(LIFE.records, due.block).root().hex()
    assert content.manifest_digest == manifest_at(LIFE.records, due.block, LIFE.tasks).digest
    per_round = next(iter(LIFE.tasks.values())).per_round
    assert content.awards_root == awards_tree(2, awards(LIFE.state, 2, per_round)).root
    assert content.private_block_hash == HASH


def test_content_of_a_revocation_awards_nothing() -> None:
    due = LIFE.state.due[2]
    content = checkpoint_content_at(LIFE.records, due, HASH, LIFE.tasks)
    (revocation,) = LIFE.state.revocations.values()
    assert content.awards_root == ZERO_DIGEST
    assert content.manifest_digest == revocation.replacement
    assert awards_of(LIFE.state, due, LIFE.tasks) == ()


def test_two_members_agree_whatever_they_have_read_since() -> None:
    for due in LIFE.state.due:
        early = Ledger(up_to(LIFE.records, due.block))
        late = LIFE.ledger
        assert early.checkpoint_content(due, HASH, LIFE.tasks) == late.checkpoint_content(due, HASH, LIFE.tasks)


def test_each_checkpoint_extends_the_one_before() -> None:
    contents = [checkpoint_content_at(LIFE.records, due, HASH, LIFE.tasks) for due in due_checkpoints(LIFE.records)]
    for before, after in pairwise(contents):
        proof = LIFE.ledger.tree.consistency_proof(before.tree_size, after.tree_size)
        roots = [bytes.fromhex(item.records_root[2:]) for item in (before, after)]
        assert verify_consistency(before.tree_size, after.tree_size, *roots, proof)


def test_due_checkpoints_up_to_a_block() -> None:
    first = LIFE.state.due[0]
    assert due_checkpoints(LIFE.records, first.block - 1) == ()
    assert due_checkpoints(LIFE.records, first.block) == (first,)
    assert due_checkpoints(LIFE.records) == LIFE.state.due


@pytest.mark.parametrize(
    "due",
    [
        Due(9, LIFE.state.due[0].block, LIFE.state.due[0].subject, Reason.ROUND_CLOSED),
        Due(1, LIFE.state.due[0].block - 1, LIFE.state.due[0].subject, Reason.ROUND_CLOSED),
        Due(1, LIFE.state.due[0].block, LIFE.state.due[1].subject, Reason.ROUND_CLOSED),
    ],
)
def test_a_checkpoint_that_is_not_due(due: Due) -> None:
    with pytest.raises(ProtocolError, match="does not follow from the records"):
        LIFE.ledger.checkpoint_content(due, HASH, LIFE.tasks)


def test_a_refused_record_changes_nothing() -> None:
    history = History()
    size, state = history.ledger.tree.size, history.state
    with pytest.raises(ProtocolError):
        history.tell("RoundPassed", AURORA, round_id=1, organisation=AURORA)
    assert (history.ledger.tree.size, history.state) == (size, state)
    assert len(history.ledger.records) == size


def test_checkpoint_documents_come_back() -> None:
    content = checkpoint_content_at(LIFE.records, LIFE.state.due[0], HASH, LIFE.tasks)
    checkpoint = content.checkpoint(previous_head=word_of("head"), consortium_digest=word_of("c"), epoch=3)
    assert checkpoint.content == content
    document = parse(canonical_bytes(checkpoint.document()), format="loranchor/checkpoint")
    assert checkpoint_from_document(document) == checkpoint
    assert checkpoint_from_document(GENESIS.document()) == GENESIS
    with pytest.raises(FormatError, match="checkpoint lacks epoch"):
        checkpoint_from_document({key: value for key, value in document.items() if key != "epoch"})
    with pytest.raises(FormatError, match=r"checkpoint\.private_chain_id is 1337; a decimal string"):
        checkpoint_from_document({**document, "private_chain_id": CHAIN_ID})
    assert cid_of(1) != cid_of(2)
