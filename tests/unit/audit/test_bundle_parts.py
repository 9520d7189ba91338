"""The parts of a bundle alone: canonical lines, proofs of state, raw transactions, changes of manifests, disclosure."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.audit.life import Life

from benchmarks.audit.state import State, Trie
from orchestrator.audit import Evidence
from orchestrator.audit.bundle.calls import differs
from orchestrator.audit.bundle.container import fast_canonical, parse_line
from orchestrator.audit.bundle.disclosure import disclosed, disclosure_of
from orchestrator.audit.bundle.frontier import Frontier
from orchestrator.audit.bundle.header import header_bytes, read_header
from orchestrator.audit.bundle.splices import changes
from orchestrator.audit.bundle.transactions import read_transaction
from orchestrator.audit.bundle.trie import EMPTY_ROOT, proven_account, proven_slot, proven_value
from orchestrator.errors import ChainError, ConfigurationError, FormatError
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.ledger.merkle import MerkleTree, leaf_hash
from orchestrator.ledger.records import effective_salt
from orchestrator.types import Address, Digest

KEY = "0x" + "07" * 32
TARGET = "0x" + "ab" * 20
few = settings(deadline=None, max_examples=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=0xD7FF)), inner),
    max_leaves=20,
)


@few
@given(VALUES)
def test_the_fast_encoder_writes_rfc_8785(value: Any) -> None:
    assert fast_canonical(value) == canonical_bytes(value)


def test_a_line_has_one_form() -> None:
    line = {"line": "supply", "minted": "1"}
    assert parse_line(fast_canonical(line) + b"\n") == line
    for other in (b'{"minted":"1","line":"supply"}\n', b'{"line": "supply","minted":"1"}\n', b'{"line":"\\u0073"}\n'):
        with pytest.raises(FormatError, match="canonical"):
            parse_line(other)


@few
@given(st.dictionaries(st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=60), min_size=1, max_size=40))
def test_every_key_of_a_trie_is_proven_and_no_other(values: dict[bytes, bytes]) -> None:
    trie = Trie(values)
    for key, value in values.items():
        assert proven_value(trie.root, key, trie.proof(key)) == value
    absent = b"nobody" + bytes(50)
    assert proven_value(trie.root, absent, trie.proof(absent)) is None


@few
@given(st.data())
def test_an_altered_proof_of_state_proves_nothing(data: st.DataObject) -> None:
    address, slot, word = Address(TARGET), Digest(f"0x{2:064x}"), Digest("0x" + "5a" * 32)
    state = State(address, b"code", {slot: word})
    proof, header = state.prove(address, [slot], 7), read_header(state.header(7))
    account = proven_account(header.state_root, bytes.fromhex(TARGET[2:]), proof.account)
    assert account is not None and account.code_hash == keccak(b"code") and header.number == 7
    assert "0x" + proven_slot(account.storage_root, bytes.fromhex(slot[2:]), proof.slots[0]).hex() == word
    nodes = list(proof.slots[0])
    place = data.draw(st.integers(0, len(nodes) - 1))
    at = data.draw(st.integers(0, len(nodes[place]) - 1))
    altered = bytearray(nodes[place])
    altered[at] ^= data.draw(st.integers(1, 255))
    for other in ([*nodes[:place], bytes(altered), *nodes[place + 1 :]], nodes[:-1], [*nodes, nodes[-1]], []):
        with pytest.raises(FormatError):
            proven_slot(account.storage_root, bytes.fromhex(slot[2:]), other)
    assert proven_value(EMPTY_ROOT, b"key", []) is None


def test_a_header_is_made_of_a_nodes_answer_and_of_nothing_else() -> None:
    raw = State(Address(TARGET), b"code", {}).header(9)
    names = (
        "parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit",
        "gasUsed timestamp extraData mixHash nonce baseFeePerGas",
    )
    numbers = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"}
    block: dict[str, Any] = {
        name: hex(int.from_bytes(value, "big")) if name in numbers else "0x" + value.hex()
        for name, value in zip(" ".join(names).split(), rlp.decode(raw), strict=True)
    }
    block["hash"] = "0x" + keccak(raw).hex()
    assert header_bytes(block) == raw
    with pytest.raises(ChainError, match="hashes to"):
        header_bytes({**block, "gasUsed": "0x1"})
    with pytest.raises(FormatError):
        read_header(raw[:-1])


TRANSACTIONS = {
    "legacy": {"gasPrice": 1},
    "EIP-155": {"gasPrice": 1, "chainId": 1337},
    "2930": {"gasPrice": 1, "chainId": 1337, "type": 1, "accessList": [{"address": TARGET, "storageKeys": []}]},
    "1559": {"maxFeePerGas": 2, "maxPriorityFeePerGas": 1, "chainId": 1337, "type": 2},
}


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_raw_transaction_has_its_signer(name: str) -> None:
    fields = {"nonce": 3, "gas": 21_000, "to": Account.from_key(KEY).address, "value": 0, "data": "0x" + "11" * 300}
    signed = Account.sign_transaction({**fields, **TRANSACTIONS[name]}, KEY)
    raw = bytes(signed.raw_transaction)
    sent = read_transaction(raw, 1337)
    assert (sent.signer, sent.to) == (Account.from_key(KEY).address.lower(),) * 2
    assert (sent.hash, sent.nonce, sent.data) == ("0x" + bytes(signed.hash).hex(), 3, b"\x11" * 300)
    for altered in (raw[:-1], raw + b"\0", raw[1:], b"\x05" + raw[1:], b""):
        with pytest.raises(FormatError):
            read_transaction(altered, 1337)
    if name != "legacy":
        with pytest.raises(FormatError, match="chain"):
            read_transaction(raw, 1)


@few
@given(st.lists(st.integers(0, 30), unique=True), st.lists(st.integers(0, 30), unique=True))
def test_changes_make_one_list_of_another(before: list[int], after: list[int]) -> None:
    made = list(before)
    for at, remove, insert in reversed(changes(before, after)):
        made[at : at + remove] = insert
    assert made == after


@few
@given(st.lists(st.binary(max_size=4), max_size=40))
def test_the_edge_of_a_tree_has_its_root(leaves: list[bytes]) -> None:
    edge, tree = Frontier(), MerkleTree()
    for leaf in leaves:
        edge.append(leaf_hash(leaf))
        tree.append(leaf)
        assert edge.root == tree.root()
    tree.truncate(len(leaves) // 2)
    assert tree.root() == MerkleTree(leaves[: len(leaves) // 2]).root()


def test_a_salt_is_told_only_with_its_whole_transaction(life: Life, evidence: Evidence) -> None:
    """A round's opening is in one transaction with the prekeys that it assigns."""
    records, state = evidence.private.records, life.ledger.state
    shown, whole = disclosed(records, state, disclosure_of(["kind:RoundOpened"]))
    opened = [record for record, yes in zip(records, shown, strict=True) if yes and record.kind == "RoundOpened"]
    assert opened and not {record.transaction for record in opened} & whole
    assert effective_salt(opened[0].salt, opened[0].log_index) != bytes.fromhex(opened[0].salt[2:])
    shown, whole = disclosed(records, state, disclosure_of(["round:1"]))
    assert {record.fields["round_id"] for record, yes in zip(records, shown, strict=True)
            if yes and "round_id" in record.fields} == {1}  # fmt: skip
    members = [yes for record, yes in zip(records, shown, strict=True) if record.kind == "MemberAdded"]
    assert members == [True] * 3


@pytest.mark.parametrize(
    "terms", [["everything"], ["kind:Nothing"], ["round:0"], ["all", "round:1"], ["organisation:A"]]
)
def test_unknown_terms_are_refused(terms: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"disclose|alone"):
        disclosure_of(terms)


def test_a_record_that_its_signer_did_not_sign_so_is_told(life: Life, evidence: Evidence) -> None:
    """The reveal's call in the life in memory is a real one."""
    from dataclasses import replace

    from orchestrator.audit.bundle.proofs import raw_transactions

    record = next(item for item in evidence.private.records if item.kind == "VerdictRevealed")
    raw = raw_transactions(life.private, [record.transaction])[record.transaction]
    sent = read_transaction(raw, evidence.private.chain_id)
    assert differs(sent, record) == ""
    assert differs(sent, replace(record, salt=Digest("0x" + "11" * 32))) == "leaf_salt"
    other = {**record.fields, "round_id": 9}
    assert differs(sent, replace(record, fields=other)) == "round_id"
