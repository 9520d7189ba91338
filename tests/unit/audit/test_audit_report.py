"""What an audit says, to people and to programs, and what it needs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console
from unit.audit.alter import with_award
from unit.audit.life import Life

from orchestrator.audit import AuditReport, Evidence, Sources, print_report, verify, verify_evidence
from orchestrator.chain.public_events import AwardClaim
from orchestrator.errors import AuditFailure, StorageError
from orchestrator.storage import MemoryStore


def text_of(report: AuditReport) -> str:
    console = Console(file=io.StringIO(), width=100)
    print_report(report, console)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_a_good_report(evidence: Evidence) -> None:
    report = verify_evidence(evidence)
    assert report.require() is report
    document = json.loads(json.dumps(report.document()))
    assert (document["format"], document["version"], document["ok"]) == ("loranchor/audit-report", 1, True)
    assert all(check["ok"] and isinstance(check["detail"], str) for check in document["checks"])
    assert document["usage"]["private_calls"] > 0
    text = text_of(report)
    assert "Everything agrees" in text and "Not checked" in text and "does not agree" not in text


def test_a_bad_report_names_what_does_not_agree(life: Life, evidence: Evidence) -> None:
    report = verify_evidence(with_award(AwardClaim, amount=7)(life, evidence))
    text = text_of(report)
    assert "claim 0 of checkpoint 1" in text and "The audit failed" in text
    with pytest.raises(AuditFailure, match="claim 0 of checkpoint 1") as caught:
        report.require()
    assert caught.value.exit_code == 8


def test_a_store_that_is_down_is_no_finding(life: Life) -> None:
    store = MemoryStore()
    store.reachable = False
    with pytest.raises(StorageError, match="cannot reach"):
        verify(replace(life.sources, store=store))


def test_handed_addresses_are_told(life: Life) -> None:
    sources: Sources = replace(life.sources, addresses_handed=True)
    assert any("addresses" in text for text in verify(sources).not_checked)


def test_an_audit_needs_neither_torch_nor_keys() -> None:
    question = (
        "import sys, orchestrator.commands.audit, orchestrator.audit\n"
        "heavy = ('torch', 'transformers', 'peft', 'brownie', 'orchestrator.keystore', 'orchestrator.daemon')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    done = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
