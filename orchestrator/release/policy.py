"""What a policy says of figures: which checks a release demands, and what passes.

The rule for one figure, where more is worse (the mirror image where less is): ``fail`` if it is beyond ``fail``;
else ``warn`` if it is beyond ``warn``, its interval reaches beyond ``fail``, or so few samples could not have failed;
else ``pass``. The rule for a model: ``fail`` if a check fails or one that the policy demands was not run; else ``warn``
if one warns; else ``pass``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.canonical import Document, digest
from orchestrator.release.check import Finding, Verdict
from orchestrator.types import MILLION, Digest

_BOUND = {"warn", "fail", "worse"}


class Judged(Protocol):
    """A finding, or what a report says of one."""

    @property
    def name(self) -> str: ...

    @property
    def verdict(self) -> Verdict: ...

    @property
    def applies(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure may be; ``worse`` is ``above`` or ``below``."""

    warn: float
    fail: float
    worse: str = "above"

    def judge(self, figure: float, interval: tuple[float, float] | None) -> tuple[Verdict, str]:
        """The verdict, and the sentence for it."""
        sign = 1 if self.worse == "above" else -1
        reach = figure if interval is None else interval[1 if sign > 0 else 0]
        if self.reaches(figure):
            return "fail", f"{figure:.3f} is {self.worse} {self.fail:g}"
        if self.reaches(reach):
            return "warn", f"{figure:.3f} passes, but its interval reaches {reach:.3f}, {self.worse} {self.fail:g}"
        if sign * figure > sign * self.warn:
            return "warn", f"{figure:.3f} is {self.worse} {self.warn:g}"
        return "pass", f"{figure:.3f} is not {self.worse} {self.warn:g}"

    def reaches(self, figure: float) -> bool:
        """Whether a figure would fail."""
        return figure > self.fail if self.worse == "above" else figure < self.fail


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of ``conf/release``.

    Attributes:
        name: how the report names it. required: checks without which no model passes.
        bounds: by finding; of a finding without one, yes or no stands and a figure is only told.
        settings: of each check, by its name.
    """

    name: str
    required: frozenset[str]
    bounds: Mapping[str, Bound]
    settings: Mapping[str, Mapping[str, Any]]

    @classmethod
    def from_group(cls, group: Mapping[str, Any]) -> Policy:
        """Read the settings' group ``release``.

        Raises:
            ConfigurationError: a member is missing or of the wrong kind; names it.
        """
        bounds = {name: _bound(name, entry) for name, entry in _table("bounds", group.get("bounds")).items()}
        settings = {name: _plain(_table(name, entry)) for name, entry in _table("checks", group.get("checks")).items()}
        required = group.get("required")
        if not isinstance(required, list) or not all(isinstance(item, str) for item in required):
            raise ConfigurationError(f"release.required is {required!r}", mend="give a list of checks")
        return cls(str(group.get("name")), frozenset(required), bounds, settings)

    def judged(self, finding: Finding) -> Finding:
        """The finding with its verdict by this policy."""
        bound = self.bounds.get(finding.name)
        if finding.verdict == "not-run" or bound is None or not finding.value:
            return finding
        verdict, why = bound.judge(finding.figures[finding.value], finding.interval)
        why = f"{finding.value} {why}"
        if verdict == "pass" and finding.ceiling is not None and not bound.reaches(finding.ceiling):
            verdict, why = (
                "warn",
                f"{why}, but with these samples it could not have been more than {finding.ceiling:.3f}",
            )
        return replace(finding, verdict=verdict, threshold=bound.fail, why=why)

    def document(self) -> Document:
        """What decides a verdict, in millionths; a report names its digest."""
        bounds = {
            name: {"warn": round(bound.warn * MILLION), "fail": round(bound.fail * MILLION), "worse": bound.worse}
            for name, bound in self.bounds.items()
        }
        told: Document = {"name": self.name, "required": sorted(self.required), "bounds": bounds}
        if settings := {name: json.dumps(entry, sort_keys=True) for name, entry in self.settings.items()}:
            told["checks"] = settings  # a weaker attack is another policy
        return told

    @property
    def digest(self) -> Digest:
        return digest(self.document())


def missing(required: Iterable[str], findings: Iterable[Judged]) -> tuple[str, ...]:
    """Demanded checks of which nothing was run, sorted; those without a meaning for the model are not."""
    done = [item.name for item in findings if item.verdict != "not-run" or not item.applies]
    return tuple(sorted(set(required) - {part for name in done for part in (name, name.partition(".")[0])}))


def verdict_of(required: Iterable[str], findings: Iterable[Judged]) -> Verdict:
    """Of the whole model; never ``not-run``."""
    told = list(findings)
    if missing(required, told) or any(item.verdict == "fail" for item in told):
        return "fail"
    return "warn" if any(item.verdict == "warn" for item in told) else "pass"


def _table(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"release.{name} is {value!r}", mend="give settings by name")
    return value


def _plain(value: Any) -> Any:
    """Settings as JSON has them, so that they can be digested."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _bound(name: str, entry: Any) -> Bound:
    numbers = isinstance(entry, Mapping) and _BOUND >= set(entry) >= {"warn", "fail"}
    if not numbers or not all(isinstance(entry[key], int | float) for key in ("warn", "fail")):
        raise ConfigurationError(f"release.bounds.{name} is {entry!r}", mend="give {warn: X, fail: Y, worse: above}")
    found = Bound(float(entry["warn"]), float(entry["fail"]), str(entry.get("worse", "above")))
    sign = {"above": 1, "below": -1}.get(found.worse)
    if sign is None or sign * found.warn > sign * found.fail:
        raise ConfigurationError(
            f"release.bounds.{name} is {entry!r}", mend="what warns comes before what fails; worse is above or below"
        )
    return found
