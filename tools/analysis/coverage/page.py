"""The branches that no test takes, with their reasons, as docs/contracts-check.md lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.analysis.coverage.measure import Branch
from tools.analysis.outcome import AnalysisError
from tools.setup.paths import ROOT

PAGE = ROOT / "docs" / "contracts-check.md"
HEADING = "## Branches that no test takes"
_ROW = re.compile(r"^\| `(?P<place>[^`]+)` \| `(?P<condition>.+)` \| (?P<way>[^|]+) \| (?P<reason>[^|]+) \|$")


def read_listed(page: Path = PAGE) -> dict[tuple[str, str, str], str]:
    """Reasons by (`Contract.function`, condition, way).

    Raises:
        AnalysisError: the page has no such section, or a row of another form.
    """
    text = page.read_text()
    if HEADING not in text:
        raise AnalysisError(f"{page.name} has no section “{HEADING.lstrip('# ')}”")
    section = text.split(HEADING, 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]  # without head and rule
    found = {}
    for row in rows:
        match = _ROW.match(row)
        if match is None:
            raise AnalysisError(f"{page.name}: a row is not `place` | `condition` | way | reason: {row}")
        condition = match["condition"].replace("\\|", "|")  # as Markdown tables need it
        found[match["place"], condition, match["way"].strip()] = match["reason"].strip()
    return found


def row(branch: Branch, reason: str) -> str:
    condition = branch.condition.replace("|", "\\|")
    return f"| `{branch.owner}` | `{condition}` | {branch.way} | {reason} |"


def compare(taken: Mapping[Branch, bool], listed: Iterable[tuple[str, str, str]]) -> list[str]:
    """Uncovered branches that are not listed, and listed ones that are covered or not there."""
    missing = {(branch.owner, branch.condition, branch.way): branch for branch, gone in taken.items() if not gone}
    names = set(listed)
    new = [f"not covered and not listed: {missing[key]}" for key in sorted(missing) if key not in names]
    stale = [f"listed, but covered or gone: {': '.join(key)}" for key in sorted(names) if key not in missing]
    return new + stale
