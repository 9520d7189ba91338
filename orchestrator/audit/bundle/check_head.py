"""From the auditor's block hash to the anchor's head: header, account, code, slot."""

from __future__ import annotations

from eth_utils.crypto import keccak

from orchestrator.audit.bundle.book import Book
from orchestrator.audit.bundle.disclosure import disclosure_of
from orchestrator.audit.bundle.header import read_header
from orchestrator.audit.bundle.lines import HEAD_SLOT, Account, Head, Slot, State
from orchestrator.audit.bundle.trie import proven_account, proven_slot
from orchestrator.audit.contracts import is_ours
from orchestrator.audit.tally import Tally
from orchestrator.chain.abi import PRIVATE, PUBLIC
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.words import hex_word


def check_named(book: Book, head: Head) -> None:
    """What the bundle says it is about is what the auditor has asked for."""
    tally, anchors = book.tally("head"), book.anchors
    book.head = head
    tally.same("bundle", "its public chain", head.public.chain_id, anchors.chain_id)
    tally.same("bundle", "its CheckpointAnchor", head.public.contracts.get("CheckpointAnchor"), anchors.anchor)
    if anchors.consortium_id is not None:
        tally.same("bundle", "its consortium", head.consortium_id, anchors.consortium_id)
    if anchors.private_chain_id is not None:
        tally.same("bundle", "its private chain", head.private.chain_id, anchors.private_chain_id)
    try:
        book.rule = disclosure_of(head.disclosed)
    except ConfigurationError as error:
        raise FormatError(f"what it discloses: {error.message}") from error
    for chain, wanted in ((head.public, PUBLIC), (head.private, PRIVATE)):
        missing = sorted(set(wanted) ^ chain.contracts.keys())
        if missing:
            raise FormatError(f"it lacks or adds the contracts {', '.join(missing)}")


def check_state(book: Book, state: State) -> None:
    """Header → state root → account → code and head."""
    tally = book.tally("head")
    header = tally.attempt("state", lambda: read_header(state.header))
    if header is None or not tally.same("state", "the hash of its header", header.hash, book.anchors.block_hash):
        return
    book.block, book.time = header.number, header.timestamp
    names = [account.contract for account in state.accounts]
    if not tally.same("state", "its accounts", names, ["CheckpointAnchor"]):
        return
    _check_account(book, state.accounts[0], header.state_root, tally)


def _check_account(book: Book, account: Account, root: bytes, tally: Tally) -> None:
    where = "state, CheckpointAnchor"
    if not tally.same(where, "its address", account.address, book.anchors.anchor):
        return
    key = bytes.fromhex(account.address[2:])
    found = tally.attempt(where, lambda: proven_account(root, key, account.proof))
    if not tally.demand(found is not None, where, "the state of the block is not shown to have such an account"):
        return
    assert found is not None
    tally.same(where, "the hash of its code", "0x" + keccak(account.code).hex(), "0x" + found.code_hash.hex())
    tally.demand(is_ours("CheckpointAnchor", account.code), where, "its code is not that of this release of LoRAnchor")
    slots = [(slot.name, slot.slot) for slot in account.slots]
    if tally.same(where, "its slots", slots, [("head", HEAD_SLOT)]):
        _check_slot(book, account.slots[0], found.storage_root, tally)


def _check_slot(book: Book, slot: Slot, root: bytes, tally: Tally) -> None:
    value = tally.attempt("state, head", lambda: proven_slot(root, bytes.fromhex(slot.slot[2:]), slot.proof))
    if tally.demand(value is not None, "state, head", "the slot of the head is not proven"):
        assert value is not None
        book.proven_head = hex_word(value)
