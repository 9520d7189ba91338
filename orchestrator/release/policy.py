"""What a policy says of figures: which checks a release demands, and what passes.

The rule for one figure, where more is worse (the mirror image where less is): ``fail`` if it is beyond ``fail``;
else ``warn`` if it is beyond ``warn``, or its interval reaches beyond ``fail``, so that nobody can be sure; else
``pass``. The rule for a model: ``fail`` if a check fails or one that the policy demands was not run; else ``warn`` if
one warns; else ``pass``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.release.check import Finding, Verdict

_BOUND = {"warn", "fail", "worse"}


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
        if sign * figure > sign * self.fail:
            return "fail", f"{figure:.3f} is {self.worse} {self.fail:g}"
        if sign * reach > sign * self.fail:
            return "warn", f"{figure:.3f} passes, but its interval reaches {reach:.3f}, {self.worse} {self.fail:g}"
        if sign * figure > sign * self.warn:
            return "warn", f"{figure:.3f} is {self.worse} {self.warn:g}"
        return "pass", f"{figure:.3f} is not {self.worse} {self.warn:g}"


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
        settings = {name: _table(name, entry) for name, entry in _table("checks", group.get("checks")).items()}
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
        return replace(finding, verdict=verdict, threshold=bound.fail, why=f"{finding.value} {why}")

    def missing(self, findings: Iterable[Finding]) -> list[str]:
        """Demanded checks of which nothing was run, sorted; those without a meaning for the model are not."""
        done = [item.name for item in findings if item.verdict != "not-run" or not item.applies]
        return sorted(self.required - {part for name in done for part in (name, name.partition(".")[0])})

    def verdict(self, findings: Iterable[Finding]) -> Verdict:
        """Of the whole model; never ``not-run``."""
        told = list(findings)
        if self.missing(told) or any(item.verdict == "fail" for item in told):
            return "fail"
        return "warn" if any(item.verdict == "warn" for item in told) else "pass"


def _table(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"release.{name} is {value!r}", mend="give settings by name")
    return value


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
