"""Records and leaf hashes, in the order of the tree: roots, inclusion and consistency proofs, and who signed what."""

from __future__ import annotations

import hashlib
from functools import partial

from orchestrator.audit.bundle.anchored import Anchored, Inclusion
from orchestrator.audit.bundle.book import MOST_RECORDS, Book
from orchestrator.audit.bundle.calls import differs, known, odd
from orchestrator.audit.bundle.container import fast_canonical
from orchestrator.audit.bundle.disclosure import ALL, plausible
from orchestrator.audit.bundle.frontier import Frontier
from orchestrator.audit.bundle.group import Group
from orchestrator.audit.bundle.lines import HASHES_IN_A_LINE, Disclosed, Leaves, Transaction
from orchestrator.audit.bundle.transactions import Sent, read_transaction
from orchestrator.errors import FormatError
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.members import HANDLERS
from orchestrator.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from orchestrator.ledger.records import Position, Record, effective_salt, record_from_document
from orchestrator.ledger.rules import check_sender
from orchestrator.ledger.schema import kind_of
from orchestrator.ledger.words import word
from orchestrator.types import ZERO_DIGEST, Digest

LANDMARKS = frozenset({"RoundClosed", "RevocationCertified", "ShredReceiptRecorded"})
"""Kinds of record that have an inclusion proof of their own where they are disclosed."""


class LeavesCheck:
    """Walks along the leaves.

    Attributes:
        anchored: how many leaves the last root covers. disclosed, hidden, unsigned: of those.
        calls: by transaction. released: updates, in order.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self.frontier = Frontier()
        self._sent: Sent | None = None
        self._used = True
        self._position: Position | None = None
        self._root = self.frontier.root
        self.anchored, self._short = 0, False
        self._group = Group()
        self._too_long = False
        self._landmarks: dict[int, bytes] = {}
        self.calls: dict[Digest, Sent] = {}
        self.disclosed = self.hidden = self.unsigned = 0
        self.released: list[str] = []

    def transaction(self, line: Transaction) -> None:
        """A raw transaction; its records come next."""
        tally, head = self._book.tally("senders"), self._book.head
        assert head is not None
        self.check_used()
        where = f"transaction before record {self.frontier.size}"
        self._sent, self._used = tally.attempt(where, lambda: read_transaction(line.raw, head.private.chain_id)), False

    def check_used(self) -> None:
        """A transaction without records has no place in a bundle."""
        where = f"transaction before record {self.frontier.size}"
        self._book.tally("senders").demand(self._used, where, "it made none of the records that follow")
        self._used = True

    def leaves(self, line: Leaves) -> None:
        """Undisclosed ones."""
        self._follows(line.first, f"leaves from {line.first}")
        if self._short:
            raise FormatError(f"leaves from {line.first}: those before would have filled their line first")
        self._short = len(line.hashes) < HASHES_IN_A_LINE
        for hash_ in line.hashes:
            self.frontier.append(hash_)
        self._group.hidden += len(line.hashes)
        where = f"leaves from {line.first}"
        hides = self._book.rule.terms != (ALL,)
        self._book.tally("leaves").demand(hides, where, "they are undisclosed, and the bundle discloses all")
        self._group.records = None

    def record(self, line: Disclosed) -> Record | None:
        """A disclosed one; None where it is no record."""
        where, tally = f"record {line.index}", self._book.tally("leaves")
        self._follows(line.index, where)
        record = tally.attempt(where, lambda: record_from_document(line.record, line.salt or ZERO_DIGEST))
        number = line.record.get("log_index")
        salt = self._salt(line, number if type(number) is int else 0)
        data = hashlib.sha256(salt + fast_canonical(dict(line.record))).digest()
        self.frontier.append(leaf_hash(data))
        self._group.disclosed, self._short = self._group.disclosed + 1, False
        if record is None:
            self._group.records = None
            return None
        if record.kind in LANDMARKS:
            self._landmarks[line.index] = data
        self._check(record, where, line)
        self._keep(record)
        return record

    def checkpoint(self, line: Anchored) -> None:
        """Is the anchored root that of the leaves so far, and does its tree begin with the last one?"""
        tally, where = self._book.tally("leaves"), f"checkpoint {line.checkpoint.sequence}"
        self.check_used()
        self._short = False
        size, root = self.frontier.size, self.frontier.root
        tally.same(where, "the size of its tree", line.checkpoint.tree_size, size)
        named = word(line.checkpoint.records_root)
        span = f"records {self.anchored} to {size - 1}, which {where} anchors"
        tally.demand(named == root, span, "they are not the leaves under its root")
        extends = verify_consistency(self.anchored, size, self._root, named, line.consistency)
        tally.demand(extends, f"consistency proof of {where}", "it does not lead from the root before to this one")
        self.anchored, self._root = size, named
        self._close()

    def inclusion(self, line: Inclusion) -> None:
        """A proof for one record of those that the last checkpoint has added."""
        tally, where = self._book.tally("leaves"), f"inclusion proof of record {line.index}"
        first = next(iter(self._landmarks), None)
        data = self._landmarks.pop(line.index, None) if line.index == first else None
        if not tally.demand(data is not None, where, "no disclosed record of this checkpoint calls for it"):
            return
        assert data is not None
        holds = line.size == self.anchored and verify_inclusion(data, line.index, line.size, line.proof, self._root)
        tally.demand(holds, where, "it does not lead to the root of the checkpoint")

    def end_group(self) -> None:
        """No proof may be left out."""
        for index in self._landmarks:
            where = f"inclusion proof of record {index}"
            self._book.tally("leaves").demand(False, where, "it is missing")
        self._landmarks.clear()

    def end(self) -> None:
        """What comes after the last checkpoint is under no root: of it nothing counts."""
        self.check_used()
        self._landmarks.clear()
        book, tail, after = self._book, self._group, self.frontier.size - self.anchored
        for where, why in tail.odd:
            book.tally("senders").demand(False, where, f"{why}, and it is under no root")
        book.tally("leaves").note(f"records: {self.anchored}, disclosed: {self.disclosed}")
        if after:
            book.leave(f"{after} records under no root: told by the maker; nothing of them is proven")
        if tail.unknown:
            book.leave(f"what the calls of {tail.unknown} records under no root are: no contract of ours knows them")
        if self.hidden:
            book.leave(f"{self.hidden} records that are not disclosed: {self._unknown}")
        if self.unsigned:
            book.leave(f"who signed {self.unsigned} records whose transactions tell more than is disclosed")

    @property
    def _unknown(self) -> str:
        terms = " ".join(self._book.rule.terms)
        return (
            f"only that they are anchored; whether the rule `{terms}` names some of them, or whether they change "
            "members, only the maker knows"
        )

    def _close(self) -> None:
        """What was read since the last root is under this one."""
        book, group, self._group = self._book, self._group, Group()
        self.disclosed, self.hidden = self.disclosed + group.disclosed, self.hidden + group.hidden
        self.unsigned += group.unsigned
        for record in group.members:
            book.tally("members").attempt(record.name, partial(book.members.add, record))
        if group.records is None or book.records is None:
            self._forget(book)
            return
        book.records += group.records
        if len(book.records) > MOST_RECORDS:
            self._too_long = True
            self._forget(book)

    def _forget(self, book: Book) -> None:
        if book.records is not None and self._too_long:
            book.leave("the ledger's rules: the history is longer than they are applied to offline")
        book.records = None
        self.calls.clear()

    def _follows(self, index: int, where: str) -> None:
        if index != self.frontier.size:
            raise FormatError(f"{where}: leaf {self.frontier.size} comes next")

    def _salt(self, line: Disclosed, log_index: int) -> bytes:
        if line.salt is None:
            return word(line.effective_salt or ZERO_DIGEST)
        return effective_salt(line.salt, log_index) if 0 <= log_index < 2**63 else bytes(32)

    def _check(self, record: Record, where: str, line: Disclosed) -> None:
        tally, head = self._book.tally("senders"), self._book.head
        assert head is not None
        in_order = self._position is None or record.position > self._position
        self._position = record.position
        tally.demand(in_order, where, "it does not come after the one before it")
        tally.same(where, "its chain", record.chain_id, head.private.chain_id)
        named = plausible(self._book.rule, record)
        self._book.tally("leaves").demand(named, where, "it is disclosed, and no term of the bundle names it")
        wanted = head.private.contracts[kind_of(record.kind).contract]
        tally.same(where, "the contract that told it", record.contract, wanted)
        members = self._book.reading
        tally.attempt(where, lambda: check_sender(LedgerState(members=members.now.last), record))
        self._book.tally("members").attempt(where, lambda: members.add(record))
        if record.kind in HANDLERS:
            self._group.members.append(record)
        if record.kind == "UpdateReleased":
            self.released.append(record.fields["update_id"])
        if line.salt is None:
            self._group.unsigned += 1
            shows = self._book.rule.terms != (ALL,)
            tally.demand(shows, where, "neither its salt nor its transaction is there, and the bundle discloses all")
        else:
            self._check_sent(record, where)

    def _check_sent(self, record: Record, where: str) -> None:
        tally, sent, head = self._book.tally("senders"), self._sent, self._book.head
        assert head is not None
        if sent is None or sent.hash != record.transaction:
            tally.demand(False, where, f"its transaction {record.transaction} is not the one before it")
            return
        self._used = True
        tally.same(where, "its signer", record.signer, sent.signer)
        told = differs(sent, record)
        tally.demand(not told, where, f"{told} is not what was signed")
        contracts = head.private.contracts
        self._group.doubt(where, odd(sent, record, contracts))
        self._group.unknown += not known(sent, contracts)
        if self._book.records is not None and self._group.records is not None:
            self.calls[sent.hash] = sent

    def _keep(self, record: Record) -> None:
        """For the rules, should a root come that covers it: no more than they are applied to."""
        kept = self._group.records
        if kept is None or self._book.records is None:
            return
        kept.append(record)
        if len(kept) > MOST_RECORDS:
            self._too_long, self._group.records = True, None
