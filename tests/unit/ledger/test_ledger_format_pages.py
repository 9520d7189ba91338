"""Every example in docs/formats is read back by its reader and has the digest that the page says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.commitment.certificate import parse_certificate
from orchestrator.commitment.electorate import Electorate
from orchestrator.commitment.endorsed import EndorsedCertificate
from orchestrator.commitment.receipt import Receipt
from orchestrator.compaction.document import Compaction
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.canonical import canonical_bytes, digest, parse
from orchestrator.ledger.checkpoint import checkpoint_from_document
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.ledger.records import record_from_document
from orchestrator.ledger.request import RevocationRequest
from orchestrator.ledger.task import TaskSpec
from orchestrator.release.override import ReleaseOverride
from orchestrator.release.report import ReleaseReport
from orchestrator.release.signed import SignedReport
from orchestrator.secagg.keys import Announcement
from orchestrator.secagg.reveals import Reveal
from orchestrator.secagg.terms import Terms
from orchestrator.types import ZERO_DIGEST

PAGES = Path(__file__).parents[3] / "docs" / "formats"
EXAMPLE = re.compile(r"```json\n(.*?)\n```\nDigest: `(0x[0-9a-f]{64})`", re.DOTALL)
READERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "loranchor/agreement": Agreement.from_document,
    "loranchor/certificate": lambda document: parse_certificate(canonical_bytes(document)),
    "loranchor/checkpoint": checkpoint_from_document,
    "loranchor/compaction": Compaction.from_document,
    "loranchor/data-statement": DataStatement.from_document,
    "loranchor/endorsed-certificate": EndorsedCertificate.from_document,
    "loranchor/manifest": lambda document: parse(canonical_bytes(document), format="loranchor/manifest"),
    "loranchor/manifest-entry": lambda document: parse(canonical_bytes(document), format="loranchor/manifest-entry"),
    "loranchor/members": Electorate.from_document,
    "loranchor/record": lambda document: record_from_document(document, ZERO_DIGEST),
    "loranchor/release-override": ReleaseOverride.from_document,
    "loranchor/release-report": ReleaseReport.from_document,
    "loranchor/request": RevocationRequest.from_document,
    "loranchor/secagg-keys": Announcement.from_document,
    "loranchor/secagg-reveal": Reveal.from_document,
    "loranchor/secagg-terms": Terms.from_document,
    "loranchor/shred-receipt": Receipt.from_document,
    "loranchor/signed-release-report": SignedReport.from_document,
    "loranchor/task": TaskSpec.from_document,
}
EXAMPLES = [
    (page.name, json.loads(text), found)
    for page in sorted(PAGES.glob("*.md"))
    for text, found in EXAMPLE.findall(page.read_text())
]


@pytest.mark.parametrize(("page", "document", "found"), EXAMPLES, ids=[item[1]["format"] for item in EXAMPLES])
def test_example(page: str, document: dict[str, Any], found: str) -> None:
    READERS[document["format"]](document)
    assert digest(document) == found, page


def test_every_format_has_an_example() -> None:
    assert {document["format"] for _, document, _ in EXAMPLES} == set(READERS)


def test_the_index_names_every_page() -> None:
    index = (PAGES / "README.md").read_text()
    assert [
        page.name for page in PAGES.glob("*.md") if f"({page.name})" not in index and page.name != "README.md"
    ] == []
