"""The release report: what was measured of a model, by which policy, and the verdict that follows; canonical.

Numbers are millionths. Whoever reads a report computes its verdict again from its rows, so that none can claim another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, cast

from orchestrator.ledger.canonical import SAFE_INTEGER, Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.release.check import KINDS, VERDICTS, Finding, Verdict
from orchestrator.release.policy import missing, verdict_of
from orchestrator.types import MILLION, Digest

LIMITS = (
    "The figures tell of these attacks; whoever knows a better one may get more out of the model.",
    "Intervals are over samples of this very model; they say nothing of another training.",
    "What was not planted, or is not in the sets that were given, was not looked for.",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One finding in a report; see :class:`orchestrator.release.check.Finding`, numbers in millionths."""

    name: str
    verdict: Verdict
    applies: bool
    figures: Mapping[str, int]
    value: str
    interval: tuple[int, int] | None
    threshold: int | None
    why: str
    sure: str
    named: tuple[str, ...]

    @classmethod
    def of(cls, found: Finding) -> Self:
        interval = None if found.interval is None else (_millionths(found.interval[0]), _millionths(found.interval[1]))
        return cls(
            name=found.name,
            verdict=found.verdict,
            applies=found.applies,
            figures={name: _millionths(value) for name, value in found.figures.items()},
            value=found.value,
            interval=interval,
            threshold=None if found.threshold is None else _millionths(found.threshold),
            why=found.why,
            sure=found.sure,
            named=found.named,
        )

    def document(self) -> Document:
        return {
            "name": self.name,
            "verdict": self.verdict,
            "applies": self.applies,
            "figures": dict(self.figures),
            "value": self.value,
            "interval": None if self.interval is None else list(self.interval),
            "threshold": self.threshold,
            "why": self.why,
            "sure": self.sure,
            "named": list(self.named),
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        figures = reader.take("figures")
        if not isinstance(figures, dict) or not all(type(value) is int for value in figures.values()):
            reader.bad("figures", "is no table of integers")
        found = cls(
            name=reader.text("name"),
            verdict=cast("Verdict", reader.choice("verdict", set(VERDICTS))),
            applies=reader.flag("applies"),
            figures=figures,
            value=reader.text("value", empty=True),
            interval=_interval(reader),
            threshold=None if reader.take("threshold") is None else _integer(reader, "threshold"),
            why=reader.text("why", empty=True),
            sure=reader.text("sure", empty=True),
            named=reader.texts("named"),
        )
        reader.end()
        return found


@dataclass(frozen=True, slots=True)
class ReleaseReport(CanonicalObject):
    """A validated report.

    Attributes:
        manifest: of which the model is; zeros where its folder says none. model, references: digests of weights.
        policy, policy_digest: by which it was judged. required: what that demands.
        sets: digest and number of samples by name. code: of the sources that measured; versions: of what they used.
    """

    format = "loranchor/release-report"
    place = "release_report"
    manifest: Digest
    model: Digest
    references: tuple[Digest, ...]
    kind: str
    policy: str
    policy_digest: Digest
    required: tuple[str, ...]
    sets: Mapping[str, tuple[Digest, int]]
    rows: tuple[Row, ...]
    code: Digest
    versions: Mapping[str, str]
    limits: tuple[str, ...] = LIMITS

    @property
    def verdict(self) -> Verdict:
        """As it follows from the rows."""
        return verdict_of(self.required, self.rows)

    @property
    def missing(self) -> tuple[str, ...]:
        """Demanded checks that were not run."""
        return missing(self.required, self.rows)

    def members(self) -> Document:
        return {
            "manifest": self.manifest,
            "model": self.model,
            "references": list(self.references),
            "kind": self.kind,
            "policy": {"name": self.policy, "digest": self.policy_digest, "required": list(self.required)},
            "sets": {name: {"digest": found, "samples": count} for name, (found, count) in self.sets.items()},
            "findings": [row.document() for row in self.rows],
            "missing": list(self.missing),
            "verdict": self.verdict,
            "code": self.code,
            "versions": dict(self.versions),
            "limits": list(self.limits),
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        policy, versions = reader.inner("policy"), reader.take("versions")
        if not isinstance(versions, dict) or not all(isinstance(item, str) for item in versions.values()):
            reader.bad("versions", "is no table of texts")
        found = cls(
            manifest=reader.digest("manifest"),
            model=reader.digest("model"),
            references=reader.digests("references"),
            kind=reader.choice("kind", set(KINDS)),
            policy=policy.text("name"),
            policy_digest=policy.digest("digest"),
            required=policy.ascending("required"),
            sets=_sets(reader),
            rows=tuple(map(Row.read, reader.inners("findings"))),
            code=reader.digest("code"),
            versions=versions,
            limits=reader.texts("limits"),
        )
        policy.end()
        if reader.texts("missing") != found.missing:
            reader.bad("missing", "does not follow from its findings")
        if reader.text("verdict") != found.verdict:
            reader.bad("verdict", f"is not {found.verdict}, which follows from its findings")
        return found


def _millionths(value: float) -> int:
    return round(value * MILLION)


def _integer(reader: Reader, name: str) -> int:
    return reader.integer(name, least=-SAFE_INTEGER)


def _interval(reader: Reader) -> tuple[int, int] | None:
    value = reader.take("interval")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or not all(type(item) is int for item in value):
        reader.bad("interval", "is not two integers")
    return value[0], value[1]


def _sets(reader: Reader) -> dict[str, tuple[Digest, int]]:
    inner, found = reader.inner("sets"), {}
    for name in reader.take("sets"):
        one = inner.inner(name)
        found[name] = one.digest("digest"), one.integer("samples")
        one.end()
    return found
