"""A result as `loranchor audit verify --json` printed it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.audit.plain_json import load_json
from orchestrator.audit.report import FORMAT, AuditReport, CheckResult, Finding
from orchestrator.errors import ConfigurationError, FormatError

_MEND = "name the file that `loranchor audit verify --json` wrote"
MOST_BYTES = 1 << 26


def read_result(path: Path) -> AuditReport:
    """The report in a file.

    Raises:
        ConfigurationError: the file cannot be read. FormatError: it is no audit report.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", mend=_MEND) from error
    if len(data) > MOST_BYTES:
        raise FormatError(f"{path} is larger than any audit report", mend=_MEND)
    document = load_json(data)
    if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (FORMAT, 1):
        raise FormatError(f"{path} is no {FORMAT} version 1", mend=_MEND)
    try:
        return _report(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{path} is damaged: {error!r}", mend=_MEND) from error


def _report(document: Mapping[str, Any]) -> AuditReport:
    results = tuple(_check(item) for item in document["checks"])
    scope = {str(name): value for name, value in document["scope"].items()}
    usage = {str(name): int(value) for name, value in document["usage"].items()}
    return AuditReport(results, scope, tuple(map(str, document["not_checked"])), usage)


def _check(item: Mapping[str, Any]) -> CheckResult:
    findings = tuple(Finding(str(found["subject"]), str(found["message"])) for found in item["findings"])
    notes = tuple(map(str, item["notes"]))
    return CheckResult(str(item["name"]), str(item["title"]), int(item["count"]), findings, notes)
