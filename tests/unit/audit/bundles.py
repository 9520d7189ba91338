"""Bundles of the life in memory: its anchor's head lies in a real state trie, under a real header."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from eth_utils.crypto import keccak
from unit.audit.foundation import PUBLIC, fake_code
from unit.audit.life import Life

from benchmarks.audit.state import State
from orchestrator.audit import Evidence, collect, contracts
from orchestrator.audit.bundle.book import TrustAnchors
from orchestrator.audit.bundle.container import Parts, write_lines
from orchestrator.audit.bundle.disclosure import disclosure_of
from orchestrator.audit.bundle.lines import HEAD_SLOT, Line
from orchestrator.audit.bundle.make import bundle_lines, state_line
from orchestrator.audit.bundle.proofs import raw_transactions
from orchestrator.audit.bundle.verify import verify_stream
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.report import AuditReport
from orchestrator.chain.abi import artifact
from orchestrator.types import Digest


@dataclass(frozen=True)
class Made:
    """A bundle and what an auditor knows of it from elsewhere.

    Attributes:
        lines: but for the last.
    """

    lines: tuple[Line, ...]
    anchors: TrustAnchors

    @property
    def raw(self) -> list[bytes]:
        """The lines' bytes, but for the last."""
        return [line.to_bytes() for line in self.lines]

    @property
    def data_end(self) -> bytes:
        """The last line."""
        parts = Parts()
        for line in self.lines:
            parts.add(line.kind, line.to_bytes())
        return parts.end().to_bytes()

    @property
    def data(self) -> bytes:
        """The file."""
        file = io.BytesIO()
        write_lines(file, self.lines)
        return file.getvalue()


def collected(life: Life) -> Evidence:
    """What an audit reads of a life in memory, whose chains hold no bytecode but its names."""

    def normalised(name: str, code: bytes) -> Digest:
        return artifact(name).code_hash if code == fake_code(name) else Digest("0x" + "00" * 32)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contracts, "normalised_code_hash", normalised)
        return collect(life.sources)


def made(life: Life, evidence: Evidence, *terms: str) -> Made:
    """The bundle that discloses what the terms name."""
    anchor = life.deployments["public"].address("CheckpointAnchor")
    head = evidence.public.head
    assert head is not None
    state = State(anchor, fake_code("CheckpointAnchor"), {HEAD_SLOT: head})
    line = state_line(evidence.public, life.public, state)
    lines = bundle_lines(
        Recomputed(evidence), line, lambda hashes: raw_transactions(life.private, hashes), disclosure_of(terms)
    )
    return Made(tuple(lines), TrustAnchors(Digest("0x" + keccak(line.header).hex()), PUBLIC, anchor))


def pack(lines: Iterable[bytes]) -> bytes:
    """The file of lines that are at hand, without a last line of its own."""
    return gzip.compress(b"".join(lines), mtime=0)


def sealed_again(lines: Iterable[bytes]) -> bytes:
    """The file of altered lines with a last line that fits them, as a forger would write it."""
    parts, found = Parts(), list(lines)
    for line in found:
        parts.add(line.split(b'"line":"')[1].split(b'"')[0].decode(), line)
    return pack([*found, parts.end().to_bytes()])


def checked(data: bytes, anchors: TrustAnchors) -> AuditReport:
    return verify_stream(io.BytesIO(data), anchors)
