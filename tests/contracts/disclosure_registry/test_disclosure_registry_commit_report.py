"""Anybody commits to a report."""

from __future__ import annotations

from contract_support import ZERO, refuses
from settings import EMBARGO


def test_anybody_commits_to_a_report(registry, report, reporter):
    event = report.events["ReportCommitted"]
    assert (event["id"], event["reporter"], event["embargoEnds"]) == (1, reporter, report.timestamp + EMBARGO)
    assert registry.reportCount() == 1 and registry.defaultEmbargo() == EMBARGO


def test_to_something(registry, reporter):
    refuses("DisclosureRegistryEmptyCommitment", registry.commitReport, ZERO, sender=reporter)
