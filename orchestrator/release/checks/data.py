"""May a model trained on such data be released at all? What the statements on the data behind it say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.release.check import KINDS, Finding, Subject
from orchestrator.release.statements import Statements
from orchestrator.sensitivity import release_allowed


class Data:
    """Every statement held against the sensitivity policy (`conf/sensitivity`), and none may be missing."""

    name = "data"
    needs = frozenset({"statements"})
    kinds = frozenset(KINDS)

    def run(self, subject: Subject, settings: Mapping[str, Any]) -> Finding:
        """Yes or no; organisations whose data refuse it are named."""
        given = subject.part("statements", Statements)
        found = release_allowed(given.statements, given.policy, expected=given.expected)
        sure = found.sure if given.bound else f"{found.sure}; {given.unbound}"
        return Finding(self.name, found.verdict, dict(found.figures), why=found.why, sure=sure, named=found.named)
