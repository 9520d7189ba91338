"""What an audit says: one result for each topic, one verdict, and what nobody could check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.errors import AuditFailure

FORMAT = "loranchor/audit-report"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree.

    Attributes:
        subject: what it is about, such as ``checkpoint 2`` or ``records.jsonl line 7``.
        message: found and expected.
    """

    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}"


@dataclass(frozen=True)
class CheckResult:
    """One topic.

    Attributes:
        name: stable, for programs. title: for people. count: comparisons made.
        notes: what agrees but should be known.
    """

    name: str
    title: str
    count: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def detail(self) -> str:
        """The findings, else the notes, in one text."""
        return "; ".join(map(str, self.findings)) or "; ".join(self.notes)

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "ok": self.ok,
            "count": self.count,
            "detail": self.detail,
            "findings": [{"subject": item.subject, "message": item.message} for item in self.findings],
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class AuditReport:
    """The whole audit.

    Attributes:
        scope: what was audited: chain ids, blocks, head. not_checked: and why.
        usage: calls and bytes it took. against: what everything was compared with, for people.
    """

    results: tuple[CheckResult, ...]
    scope: Mapping[str, Any] = field(default_factory=dict)
    not_checked: tuple[str, ...] = ()
    usage: Mapping[str, int] = field(default_factory=dict)
    against: str = "both chains and IPFS"

    @property
    def ok(self) -> bool:
        return bool(self.results) and all(result.ok for result in self.results)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for result in self.results for finding in result.findings)

    def result(self, name: str) -> CheckResult:
        """The result of one topic by its name."""
        return next(result for result in self.results if result.name == name)

    def document(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": 1,
            "ok": self.ok,
            "scope": dict(self.scope),
            "checks": [result.document() for result in self.results],
            "not_checked": list(self.not_checked),
            "usage": dict(self.usage),
        }

    def require(self) -> AuditReport:
        """Itself when everything agrees.

        Raises:
            AuditFailure: names the first thing that does not agree.
        """
        if not self.ok:
            count = len(self.findings)
            first = str(self.findings[0]) if self.findings else "nothing was checked"
            raise AuditFailure(
                f"{count} thing{'s' * (count != 1)} do{'es' * (count == 1)} not agree: {first}",
                mend="see the whole report with `loranchor audit verify`",
            )
        return self
