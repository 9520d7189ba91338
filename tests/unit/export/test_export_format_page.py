"""The example of docs/formats/export.md is a record, and its file has the digest that the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from orchestrator.export.record import NAME, read_record, write_record
from orchestrator.ledger.canonical import sha256

PAGE = (Path(__file__).parents[3] / "docs" / "formats" / "export.md").read_text("utf-8")


def test_the_example_is_read_back(tmp_path: Path) -> None:
    found = re.search(r"```json\n(.*?)\n```\n\nSHA-256 of this file: `(0x[0-9a-f]{64})`", PAGE, re.DOTALL)
    assert found is not None
    document = json.loads(found[1])
    write_record(document, tmp_path)
    assert sha256((tmp_path / NAME).read_bytes()) == found[2]
    assert read_record(tmp_path) == document


def test_the_page_names_every_member() -> None:
    document = json.loads(PAGE.split("```json\n")[1].split("```")[0])
    assert [name for name in document if name not in ("format", "version") and f"`{name}`" not in PAGE] == []
