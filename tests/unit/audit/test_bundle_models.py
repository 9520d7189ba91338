"""What a certificate says has left the model is in no manifest of its checkpoint or of a later one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unit.ledger.actors import word_of

from orchestrator.audit.bundle.anchored import Manifest, Splice
from orchestrator.audit.bundle.book import Book, TrustAnchors
from orchestrator.audit.bundle.check_models import ModelsCheck
from orchestrator.audit.report import Finding
from orchestrator.ledger.canonical import canonical_bytes, digest
from orchestrator.ledger.checkpoint import GENESIS
from orchestrator.ledger.manifest import ENTRY_FORMAT, FORMAT
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.words import hex_word
from orchestrator.types import Address

REQUEST, GONE = word_of("request"), word_of("gone")


class Models:
    """A quorum that anchors whatever manifests it likes."""

    def __init__(self) -> None:
        self.book = Book(TrustAnchors(word_of("block"), 1, Address("0x" + "11" * 20)))
        self.check = ModelsCheck(self.book)
        self._entries: list[dict[str, Any]] = []

    def checkpoint(self, *updates: str, certified: bool = False) -> tuple[Finding, ...]:
        """Anchors a manifest that has these, too; returns all findings so far."""
        insert = tuple({"format": ENTRY_FORMAT, "version": 1, "update_id": item} for item in updates)
        splice = Splice(len(self._entries), 0, insert)
        self._entries += insert
        root = hex_word(MerkleTree(map(canonical_bytes, self._entries)).root())
        named = {"format": FORMAT, "version": 1, "base": word_of("base"), "settings": word_of("settings")}
        manifest = {**named, "strategy": "stack", "count": len(self._entries), "entries_root": root}
        sequence = self.book.checkpoint.sequence + 1
        self.book.checkpoint = replace(GENESIS, sequence=sequence, manifest_digest=digest(manifest))
        self.check.checkpoint()
        if updates:
            self.check.manifest(Manifest(sequence, manifest, (splice,)))
        if certified:
            self.book.gone[GONE] = REQUEST
        self.check.end_group()
        return self.book.tally("manifests").result().findings


def test_a_manifest_that_keeps_what_left_is_found() -> None:
    models = Models()
    assert not models.checkpoint(word_of("one"), GONE)
    (finding,) = models.checkpoint(word_of("two"), certified=True)
    assert finding.subject == "manifest of checkpoint 2"
    assert finding.message == f"it still has {GONE}, which the certificate of request {REQUEST} says has left"


def test_it_is_found_where_the_manifest_of_the_certificate_is_the_one_before() -> None:
    models = Models()
    assert not models.checkpoint(word_of("one"), GONE)
    assert [item.subject for item in models.checkpoint(certified=True)] == ["manifest of checkpoint 2"]


def test_what_left_does_not_come_back() -> None:
    models = Models()
    assert not models.checkpoint(word_of("one"), certified=True)
    assert not models.checkpoint(word_of("two"))
    assert [item.subject for item in models.checkpoint(GONE)] == ["manifest of checkpoint 3"]
