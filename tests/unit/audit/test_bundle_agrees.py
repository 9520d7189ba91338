"""An honest bundle agrees, whatever it discloses, and is the same every time."""

from __future__ import annotations

import pytest
from unit.audit.bundles import checked, made
from unit.audit.life import Life

from orchestrator.audit import Evidence

RULES = ("records", "rounds", "verdicts", "revocations", "receipts", "checkpoints", "updates")


@pytest.mark.parametrize("terms", [("none",), ("all",), ("kind:RoundClosed", "round:1"), ("organisation:cumulus",)])
def test_an_honest_bundle_agrees(life: Life, evidence: Evidence, terms: tuple[str, ...]) -> None:
    bundle = made(life, evidence, *terms)
    report = checked(bundle.data, bundle.anchors)
    assert [str(item) for item in report.findings] == []
    assert report.ok
    applied = {result.name for result in report.results} & set(RULES)
    assert applied == (set(RULES) if terms == ("all",) else set())
