"""Certificates of version 1 that were certified before this release are audited by their own rules."""

from __future__ import annotations

from typing import Any

import pytest
from unit.audit import life as world
from unit.audit.life import Life
from unit.ledger.actors import CUMULUS

from orchestrator.audit import verify
from orchestrator.commitment.certificate import build_certificate
from orchestrator.ledger.canonical import Document


def lived(patch: pytest.MonkeyPatch, **changes: Any) -> Life:
    """A life whose members endorsed what an older release made."""

    def older(*arguments: Any, **options: Any) -> Document:
        return {**build_certificate(*arguments, **options, version=1), **changes}

    patch.setattr(world, "build_certificate", older)
    made = Life()
    updates = made.round()
    made.revoke(CUMULUS, [updates[CUMULUS]])
    return made


def test_what_an_older_release_certified_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    report = verify(lived(monkeypatch).sources)
    assert [str(finding) for finding in report.findings] == []


def test_what_it_left_out_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    found = verify(lived(monkeypatch, limits=[]).sources).result("revocations").findings
    assert any("the certificate's digest is" in item.message for item in found)
    assert any("differs from the records in 'limits'" in item.message for item in found)
