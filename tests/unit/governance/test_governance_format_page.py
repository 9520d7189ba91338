"""The example of docs/formats/ceremony.md is a ceremony, and its file has the digest that the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from orchestrator.governance.ceremony import Ceremony
from orchestrator.governance.decisions import Kind
from orchestrator.ledger.canonical import sha256

PAGE = (Path(__file__).parents[3] / "docs" / "formats" / "ceremony.md").read_text("utf-8")


def test_the_example_is_read_back() -> None:
    found = re.search(r"```json\n(.*?)\n```\n\nSHA-256 of this file: `(0x[0-9a-f]{64})`", PAGE, re.DOTALL)
    assert found is not None
    ceremony = Ceremony.from_document(json.loads(found[1]))
    assert sha256(ceremony.to_bytes()) == found[2]
    assert len(ceremony.signatures) == 1


def test_the_page_names_every_kind() -> None:
    assert [kind for kind in Kind if f"| `{kind.value}` |" not in PAGE] == []
