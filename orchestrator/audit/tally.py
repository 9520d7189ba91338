"""Counts comparisons and keeps what did not agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from orchestrator.audit.report import CheckResult, Finding
from orchestrator.errors import ChainError, LoranchorError, ObjectMissing, StorageError

T = TypeVar("T")
SHOWN = 200
"""Findings of one check that are kept; the rest is counted."""


class Tally:
    """One check's comparisons."""

    def __init__(self, name: str, title: str) -> None:
        self._name = name
        self._title = title
        self._count = 0
        self._findings: list[Finding] = []
        self._left_out = 0
        self._notes: list[str] = []

    @property
    def clean(self) -> bool:
        """Whether everything has agreed so far."""
        return not self._findings

    def fault(self, subject: str, message: str) -> None:
        """Something does not agree."""
        if len(self._findings) < SHOWN:
            self._findings.append(Finding(subject, message))
        else:
            self._left_out += 1

    def demand(self, condition: bool, subject: str, message: str) -> bool:
        """One comparison; ``message`` says what is wrong where it fails."""
        self._count += 1
        if not condition:
            self.fault(subject, message)
        return condition

    def same(self, subject: str, what: str, found: object, expected: object) -> bool:
        """One comparison of a value found with the one that was recomputed."""
        return self.demand(found == expected, subject, f"{what} is {shown(found)}, recomputed {shown(expected)}")

    def attempt(self, subject: str, compute: Callable[[], T]) -> T | None:
        """What ``compute`` gives; None, and a finding, where it cannot because something is not as it should be.

        Raises:
            ChainError, StorageError: a chain or IPFS is down, which is no finding.
        """
        try:
            return compute()
        except ObjectMissing as error:
            self.fault(subject, error.message)
        except (ChainError, StorageError):
            raise
        except LoranchorError as error:
            self.fault(subject, error.message)
        return None

    def note(self, text: str) -> None:
        """Something that agrees but should be known."""
        self._notes.append(text)

    def result(self) -> CheckResult:
        findings = list(self._findings)
        if self._left_out:
            findings.append(Finding("further findings", f"{self._left_out} more are not shown"))
        return CheckResult(self._name, self._title, self._count, tuple(findings), tuple(self._notes))


def shown(value: object) -> str:
    """A value in a sentence, not longer than a line."""
    text = value if isinstance(value, str) and value else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
