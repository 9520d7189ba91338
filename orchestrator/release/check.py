"""What every check of the release gate is: one name, what it needs, one finding. One check a file.

A check measures and says how sure it is; whether a figure passes is the policy's to say, by :meth:`Policy.judged`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from orchestrator.errors import DataError
from orchestrator.types import ZERO_DIGEST, Digest

Verdict = Literal["pass", "warn", "fail", "not-run"]
VERDICTS: tuple[Verdict, ...] = ("pass", "warn", "fail", "not-run")
KINDS = {"causal_lm": "language model", "classifier": "classifier", "image_classifier": "classifier of images"}
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: of the check, or of a part of it: ``membership``, ``membership.lira``.
        verdict: as :class:`orchestrator.release.policy.Policy` judges; ``not-run`` where nothing was measured.
        figures: everything that was measured, by name, finite numbers.
        value: the name of the figure that is judged; "" where it is a matter of yes or no.
        interval: where that figure lies, at the level that ``sure`` names; None where nobody can say.
        threshold: the bound it was held against; None before it was judged, or where there is none.
        why: one sentence: what decided, or why it was not run.
        sure: one sentence: how sure it is (samples, level, which interval), and what it does not show.
        ceiling: the most that the judged figure could have been with these samples; None for no such limit.
        named: what gave it away, such as canaries that are known.
        pictures: SVG by title, for the page.
        applies: False where the check has no meaning for such a model; then no policy can demand it.
    """

    name: str
    verdict: Verdict
    figures: Mapping[str, float] = field(default_factory=dict)
    value: str = ""
    interval: tuple[float, float] | None = None
    threshold: float | None = None
    why: str = ""
    sure: str = ""
    ceiling: float | None = None
    named: tuple[str, ...] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)
    applies: bool = True

    def __post_init__(self) -> None:
        """Raises DataError for a figure that is no number: it could be neither judged nor signed."""
        bad = [name for name, figure in self.figures.items() if not math.isfinite(figure)]
        if bad or (self.value and self.value not in self.figures):
            raise DataError(f"check {self.name}: {', '.join(bad) or self.value} is no number")
        if self.interval is not None and not self.interval[0] <= self.interval[1]:
            raise DataError(f"check {self.name}: {self.interval} is no interval")


def not_run(name: str, why: str, *, applies: bool = True) -> Finding:
    """The finding of a check that could not be run, and why."""
    return Finding(name, "not-run", why=why, applies=applies)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked.

    Attributes:
        folder: the model as `loranchor model export` writes it. manifest: of which it is; zeros where it says none.
        kind: one of :data:`KINDS`.
        parts: what checks need, by name: ``members``, ``others``, ``references``, ``canaries`` and so on.
    """

    folder: Path
    kind: str
    manifest: Digest = ZERO_DIGEST
    parts: Mapping[str, Any] = field(default_factory=dict)

    def lacks(self, needs: frozenset[str]) -> list[str]:
        """Which of them are not there, sorted."""
        return sorted(needs - self.parts.keys())

    def part(self, name: str, kind: type[Part]) -> Part:
        """A part that a check named in its ``needs``.

        Raises:
            DataError: it is not there, or something else is.
        """
        found = self.parts.get(name)
        if not isinstance(found, kind):
            raise DataError(f"the release check was given no {name}")
        return found


class Check(Protocol):
    """One check. Its file is named as it is.

    Attributes:
        name: short; its thresholds in a policy stand under it. needs: parts without which it is not run.
        kinds: of models that it has a meaning for.
    """

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> frozenset[str]: ...

    @property
    def kinds(self) -> frozenset[str]: ...

    def run(self, subject: Subject, settings: Mapping[str, Any]) -> Finding | list[Finding]:
        """Measure; the verdict is "pass" or "fail" for yes or no, and with ``value`` the policy's to overwrite.

        Args:
            settings: this check's own of the policy; figures, never secrets.

        Raises:
            DataError: the parts do not fit each other.
        """
        ...
