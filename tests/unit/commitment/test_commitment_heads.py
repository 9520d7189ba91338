"""Heads, ids, verdict commitments and the consortium's digest, as the contracts compute them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from eth_abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, CHAIN_ID, CONSORTIUM_ID, CONTRACTS, authority, word_of
from unit.ledger.history import life

from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_content_digest, head_of, leads_to
from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import Seat
from orchestrator.commitment.ids import request_id_of, round_of_subject, round_subject, update_id_of
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.errors import FormatError
from orchestrator.ledger.checkpoint import GENESIS
from orchestrator.ledger.view import checkpoint_content_at
from orchestrator.ledger.words import organisation_word, word
from orchestrator.types import MILLION, Digest, UpdateId

TYPE = (
    "Checkpoint(uint64 sequence,bytes32 previousHead,bytes32 recordsRoot,uint64 treeSize,uint256 privateChainId,"
    "uint64 privateBlock,bytes32 privateBlockHash,bytes32 manifestDigest,bytes32 awardsRoot,bytes32 consortiumDigest,"
    "uint64 epoch)"
)
LIFE = life()
CONTENT = checkpoint_content_at(LIFE.records, LIFE.state.due[0], word_of("block"), LIFE.tasks)
FIRST = CONTENT.checkpoint(previous_head=GENESIS_HEAD, consortium_digest=word_of("c"), epoch=1)


@dataclass(frozen=True)
class Verdict:
    update_id: UpdateId
    accept: bool
    weight_cap: int = MILLION
    score: int = 0
    reason: str = ""


def abi_hash(types: list[str], values: list[object]) -> str:
    return "0x" + keccak(encode(types, values)).hex()


def test_head_is_the_hash_of_the_abi_encoding() -> None:
    """As contracts/shared/CheckpointHash.sol: keccak256(abi.encode(type hash, checkpoint))."""
    names = ["uint64", "bytes32", "bytes32", "uint64", "uint256", "uint64", *["bytes32"] * 4, "uint64"]
    values = [
        word(item) if isinstance(item, str) else item
        for item in (
            FIRST.sequence,
            FIRST.previous_head,
            FIRST.records_root,
            FIRST.tree_size,
            FIRST.private_chain_id,
            FIRST.private_block,
            FIRST.private_block_hash,
            FIRST.manifest_digest,
            FIRST.awards_root,
            FIRST.consortium_digest,
            FIRST.epoch,
        )
    ]
    assert head_of(FIRST) == abi_hash(["bytes32", *names], [keccak(TYPE.encode()), *values])
    content = [0, *range(2, 9)]  # as CheckpointHash.content: without previousHead, consortiumDigest and epoch
    assert checkpoint_content_digest(FIRST) == abi_hash([names[i] for i in content], [values[i] for i in content])
    zeros = [bytes(32) if name == "bytes32" else 0 for name in names]
    assert abi_hash(["bytes32", *names], [keccak(TYPE.encode()), *zeros]) == GENESIS_HEAD == head_of(GENESIS)


def test_content_digest_leaves_out_what_changes_when_a_checkpoint_is_signed_again() -> None:
    again = replace(FIRST, epoch=2, consortium_digest=word_of("d"), previous_head=word_of("p"))
    assert checkpoint_content_digest(again) == checkpoint_content_digest(FIRST)
    assert head_of(again) != head_of(FIRST)
    assert checkpoint_content_digest(replace(FIRST, awards_root=word_of("x"))) != checkpoint_content_digest(FIRST)


def test_a_chain_of_checkpoints_leads_to_its_head() -> None:
    second = replace(FIRST, sequence=2, previous_head=head_of(FIRST))
    assert leads_to([FIRST, second], head_of(second))
    assert leads_to([second], head_of(second))
    assert not leads_to([FIRST, second], head_of(FIRST))
    assert not leads_to([FIRST, replace(second, previous_head=word_of("x"))], head_of(second))
    assert not leads_to([], GENESIS_HEAD)


def test_update_and_request_ids() -> None:
    ledger = CONTRACTS["RoundLedger"]
    types = ["uint256", "address", "uint64", "bytes32", "uint256"]
    expected = abi_hash(types, [CHAIN_ID, ledger, 3, organisation_word(AURORA), 2])
    assert update_id_of(CHAIN_ID, ledger, 3, AURORA, 2) == expected
    ledger = CONTRACTS["RevocationLedger"]
    assert request_id_of(CHAIN_ID, ledger, 4) == abi_hash(["uint256", "address", "uint64"], [CHAIN_ID, ledger, 4])


@given(st.integers(0, 2**64 - 1))
def test_round_subjects_come_back(number: int) -> None:
    assert round_of_subject(round_subject(number)) == number
    assert len(round_subject(number)) == 66


def test_verdict_commitment() -> None:
    update, nonce = UpdateId(word_of("u")), Digest(word_of("nonce"))
    verdicts = [Verdict(update, True, score=-7), Verdict(UpdateId(word_of("v")), False, 5, 9, "norm")]
    rows = [
        (word(update), True, MILLION, -7, bytes(32)),
        (word(word_of("v")), False, 5, 9, b"norm".ljust(32, b"\0")),
    ]
    types = ["uint64", "bytes32", "(bytes32,bool,uint32,int64,bytes32)[]", "bytes32"]
    expected = abi_hash(types, [1, organisation_word(AURORA), rows, word(nonce)])
    assert verdict_commitment(1, AURORA, verdicts, nonce) == expected
    others = [
        verdict_commitment(2, AURORA, verdicts, nonce),
        verdict_commitment(1, BOREALIS, verdicts, nonce),
        verdict_commitment(1, AURORA, verdicts[::-1], nonce),
        verdict_commitment(1, AURORA, verdicts, Digest(word_of("other"))),
    ]
    assert expected not in others


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        (Verdict(UpdateId(word_of("u")), True, MILLION + 1), "weight cap 1000001"),
        (Verdict(UpdateId(word_of("u")), True, score=2**63), "does not fit in 64 bits"),
        (Verdict(UpdateId(word_of("u")), True, reason="norm"), "has the reason 'norm'"),
        (Verdict(UpdateId(word_of("u")), False, reason="ü"), "not a label"),
        (Verdict(UpdateId("0x"), False), "not 0x and 64"),
    ],
)
def test_verdicts_that_could_not_be_revealed(verdict: Verdict, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        verdict_commitment(1, AURORA, [verdict], Digest(word_of("nonce")))


def test_consortium_digest() -> None:
    seats = [Seat(name, authority(name)) for name in (AURORA, BOREALIS)]
    rows = [(organisation_word(seat.organisation), seat.authority) for seat in seats]
    seats_hash = keccak(encode(["(bytes32,address)[]"], [rows]))
    type_hash = keccak(b"Consortium(bytes32 consortiumId,uint64 epoch,uint8 quorum,bytes32 seatsHash)")
    types = ["bytes32", "bytes32", "uint64", "uint8", "bytes32"]
    expected = abi_hash(types, [type_hash, word(CONSORTIUM_ID), 5, 2, seats_hash])
    assert consortium_digest(CONSORTIUM_ID, 5, 2, seats) == expected
    assert consortium_digest(CONSORTIUM_ID, 5, 2, seats[::-1]) != expected
