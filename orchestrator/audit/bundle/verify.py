"""Checks a bundle offline: reads it once from front to back, with no network, no key and nothing taken on trust."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from orchestrator.audit.bundle.anchored import Anchored, Attestations, Awards, Certificate, Inclusion, Manifest
from orchestrator.audit.bundle.book import Book, TrustAnchors
from orchestrator.audit.bundle.check_chain import ChainCheck
from orchestrator.audit.bundle.check_due import DueCheck
from orchestrator.audit.bundle.check_head import check_named, check_state
from orchestrator.audit.bundle.check_leaves import LeavesCheck
from orchestrator.audit.bundle.check_models import ModelsCheck
from orchestrator.audit.bundle.check_papers import PapersCheck
from orchestrator.audit.bundle.check_told import ToldCheck
from orchestrator.audit.bundle.container import LIMITS, Limits, Parts, parse_line, read_lines
from orchestrator.audit.bundle.lines import Disclosed, Head, Leaves, Line, Object, State, Transaction
from orchestrator.audit.bundle.order import Order
from orchestrator.audit.bundle.rules import apply_rules
from orchestrator.audit.bundle.told import LINES, TOLD, End
from orchestrator.audit.report import AuditReport, CheckResult
from orchestrator.audit.verify import NOT_CHECKED
from orchestrator.errors import ConfigurationError, FormatError

_END_OF_TIME = 253402300800
"""The year 10000, in Unix seconds."""
_KIND = re.compile(rb'"line":"([a-z]{1,20})"')


def verify_bundle(path: Path, anchors: TrustAnchors, *, limits: Limits = LIMITS) -> AuditReport:
    """Check a bundle against what the auditor knows.

    Raises:
        ConfigurationError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return verify_stream(file, anchors, limits=limits, packed=path.stat().st_size)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}", mend="name the file that a member gave you"
        ) from error


def verify_stream(file: BinaryIO, anchors: TrustAnchors, *, limits: Limits = LIMITS, packed: int = 0) -> AuditReport:
    """Check a bundle from an open file. Whatever is in it ends as a finding, never as an error."""
    audit = _Audit(anchors)
    audit.read(file, limits)
    return audit.report(packed)


class _Audit:
    """One pass."""

    def __init__(self, anchors: TrustAnchors) -> None:
        self._book = Book(anchors)
        self._leaves, self._chain = LeavesCheck(self._book), ChainCheck(self._book)
        self._models, self._papers, self._told = ModelsCheck(self._book), PapersCheck(self._book), ToldCheck(self._book)
        self._due = DueCheck(self._book)
        self._order, self._parts = Order(), Parts()
        self._checkpoints: list[Anchored] = []
        self._where = "the first line"
        self._waiting: list[Attestations] = []
        self._group = False
        self._ended = False

    def read(self, file: BinaryIO, limits: Limits) -> None:
        """All lines, up to the end or to one that cannot be understood."""
        tally = self._book.tally("file")
        try:
            for data in read_lines(file, limits):
                self._where = f"line {self._book.lines + 1}{_named(data)}"
                line = self._parsed(data)
                self._take(line, data)
                self._book.lines += 1
                self._book.size += len(data)
                tally.demand(True, self._where, "")
            self._where = f"line {self._book.lines + 1}"
            self._order.end()
        except FormatError as error:
            tally.demand(False, self._where, error.message)
            self._book.leave(f"everything from {self._where} on, which cannot be understood")
            return
        self._end()

    def report(self, packed: int) -> AuditReport:
        """One verdict, and what nobody could check."""
        results = [tally.result() for tally in self._book.tallies.values()]
        results += self._rules()
        book, head = self._book, self._book.head
        texts = [f"{text} ({count} times)" if count > 1 else text for text, count in book.unchecked.items()]
        if book.anchors.consortium_id is None:
            texts.append("whether it is the consortium that you mean: give --consortium-id")
        texts += self._limits()
        usage = {"rpc_calls": 0, "bytes_read": packed, "bytes_unpacked": book.size, "lines": book.lines}
        scope = {
            "consortium_id": None if head is None else head.consortium_id,
            "public": {
                "chain_id": book.anchors.chain_id,
                "block": book.block,
                "block_hash": book.anchors.block_hash,
                "time": _utc(book.time),
            },
            "private": {"chain_id": None if head is None else head.private.chain_id},
            "anchor": book.anchors.anchor,
            "head": book.proven_head,
            "records": self._leaves.anchored,
            "told_records": self._leaves.frontier.size - self._leaves.anchored,
            "disclosed": self._leaves.disclosed,
            "checkpoints": book.checkpoint.sequence,
        }
        return AuditReport(tuple(results), scope, (*NOT_CHECKED, *texts), usage, "the hash of one public block")

    def _limits(self) -> Iterator[str]:
        """Where what is proven ends in time, on both chains."""
        book = self._book
        made = book.checkpoint
        if made.sequence:
            since = f"since checkpoint {made.sequence} (block {made.private_block})"
            yield f"what happened on the private chain {since}: the maker may leave any of it out"
        else:
            yield "what happened on the private chain: no checkpoint is anchored, and the maker may leave any of it out"
        if _utc(book.time) is not None:
            yield f"everything after public block {book.block} of {_utc(book.time)}"

    def _parsed(self, data: bytes) -> Line:
        document = parse_line(data)
        kind = document["line"]
        if kind not in LINES:
            raise FormatError(f"{kind!r} is no kind of line", mend="upgrade LoRAnchor")
        self._order.take(kind)
        return LINES[kind].from_document(document)

    def _take(self, line: Line, data: bytes) -> None:
        if not isinstance(line, End):
            self._parts.add(line.kind, data)
        if self._group and line.kind not in ("manifest", "awards", "certificate", "inclusion"):
            self._end_group()
        match line:
            case Head():
                check_named(self._book, line)
            case State():
                check_state(self._book, line)
            case Object():
                self._papers.object(line)
            case Transaction():
                self._leaves.transaction(line)
            case Leaves():
                self._leaves.leaves(line)
                self._due.leaves()
            case Disclosed():
                record = self._leaves.record(line)
                if record is not None:
                    self._papers.record(record)
                    self._due.record(record)
            case Attestations():
                self._waiting.append(line)
            case Anchored():
                self._anchored(line)
            case Manifest():
                self._models.manifest(line)
            case Awards():
                self._models.award_leaves(line)
            case Certificate():
                self._papers.certificate(line)
            case Inclusion():
                self._leaves.inclusion(line)
            case End():
                self._compare(line)
            case _:
                self._told.take(line)

    def _anchored(self, line: Anchored) -> None:
        if len(self._waiting) > 1:
            raise FormatError("more than one line of attestations comes before it")
        for item in self._waiting:
            self._chain.attestations(item)
        self._waiting.clear()
        self._leaves.checkpoint(line)
        self._due.checkpoint(line)
        self._chain.checkpoint(line)
        self._models.checkpoint()
        self._papers.checkpoint(line)
        self._checkpoints.append(line)
        self._group = True

    def _end_group(self) -> None:
        self._models.end_group()
        self._papers.end_group()
        self._leaves.end_group()
        self._group = False

    def _compare(self, line: End) -> None:
        """A file that was altered by somebody who did not know better."""
        tally, expected = self._book.tally("file"), {item.line: item for item in self._parts.end().parts}
        given = {item.line: item for item in line.parts}
        for kind in sorted(given.keys() | expected.keys()):
            message = "they are not those that the last line counts and hashes"
            tally.demand(given.get(kind) == expected.get(kind), f"{kind} lines", message)

    def _end(self) -> None:
        for item in self._waiting:
            self._chain.later(item)
        self._leaves.end()
        self._chain.end()
        self._models.end()
        self._papers.end()
        self._due.end()
        self._told.end(self._models.awards, self._models.roots, self._leaves.released)
        self._ended = True

    def _rules(self) -> Iterator[CheckResult]:
        """Only on what is whole and anchored: what is not would only be found once more."""
        clean = all(self._book.tally(name).clean for name in ("file", "leaves", "senders", "members"))
        if not self._ended or not clean:
            self._book.leave("the ledger's rules, because what they are applied to does not hold")
        elif self._book.records is None:
            self._book.leave("what follows from the records by the ledger's rules: not all of them are disclosed")
        else:
            yield from apply_rules(self._book, self._checkpoints, self._leaves.calls, self._told)


def _utc(seconds: int) -> str | None:
    """A block's time as people read it; None where there is none, or it is beyond the calendar."""
    if not 0 < seconds < _END_OF_TIME:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _named(data: bytes) -> str:
    """The kind of a line that may be damaged."""
    found = _KIND.search(data[:4096]) or _KIND.search(data)
    kind = "" if found is None else found[1].decode()
    return f" ({kind})" if kind in LINES or kind in TOLD else ""
