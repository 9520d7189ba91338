"""What slither finds, held against what has been accepted with a reason (`accepted.json`)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.analysis.outcome import AnalysisError

ACCEPTED = Path(__file__).with_name("accepted.json")
_LINES = re.compile(r" \((?P<file>[^()#\s]+\.sol)#\d+(-\d+)?\)")


@dataclass(frozen=True, order=True)
class Finding:
    """One result of a detector. It names no lines, so that it stays the same when code moves.

    Attributes:
        detector: slither's name of the rule.
        place: `Contract.function` or another element, with its file.
        text: slither's own words.
    """

    detector: str
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.detector} at {self.place}: {self.text}"


def read_findings(results: Mapping[str, Any]) -> list[Finding]:
    """The findings in slither's `--json` output."""
    return sorted(_finding(item) for item in results["results"].get("detectors", []))


def _finding(item: Mapping[str, Any]) -> Finding:
    element = item["elements"][0]
    text = " ".join(_LINES.sub("", item["description"]).split())
    return Finding(item["check"], f"{_name(element)} ({element['source_mapping']['filename_relative']})", text)


def _name(element: Mapping[str, Any]) -> str:
    """The element with the function and contract that it is in."""
    parent = (element.get("type_specific_fields") or {}).get("parent")
    return f"{_name(parent)}.{element['name']}" if parent else str(element["name"])


def read_accepted(path: Path = ACCEPTED) -> dict[Finding, str]:
    """Accepted findings with their reasons.

    Raises:
        AnalysisError: an entry lacks its reason, or is there twice.
    """
    found: dict[Finding, str] = {}
    for entry in json.loads(path.read_text()):
        finding = Finding(entry["detector"], entry["place"], entry["finding"])
        if not entry["reason"].strip() or finding in found:
            raise AnalysisError(f"{path.name}: no reason, or a second time: {finding}")
        found[finding] = entry["reason"]
    return found


def compare(found: Iterable[Finding], accepted: Mapping[Finding, str]) -> list[str]:
    """What fails the check: findings that nobody accepted, and accepted ones that do not occur any more."""
    counts = Counter(found)
    new = [f"not accepted: {finding}" for finding in sorted(counts) if finding not in accepted]
    twice = [f"accepted once, found {count} times: {one}" for one, count in sorted(counts.items()) if count > 1]
    stale = [f"accepted, but no longer found: {finding}" for finding in sorted(accepted) if finding not in counts]
    return new + twice + stale
