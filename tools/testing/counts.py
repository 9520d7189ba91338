"""Counts from pytest's JUnit files."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Counts:
    """Outcomes of tests. A test that was skipped proves nothing: it is neither."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    @property
    def line(self) -> str:
        return f"{self.passed} passed, {self.failed} failed"


def read_counts(report: Path, exit_code: int) -> Counts:
    """Counts of one pytest run. A run that ended badly without a failed test to show counts as one failure."""
    counts = Counts()
    if report.is_file():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            counts += _suite_counts(suite)
    if exit_code and not counts.failed:
        counts += Counts(failed=1)
    return counts


def _suite_counts(suite: ElementTree.Element) -> Counts:
    total, failures, errors, skipped = (int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped"))
    return Counts(max(total - failures - errors - skipped, 0), failures + errors, skipped)
