"""From folders and settings to a release report's folder, signed where a home is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.release.check import Finding
from orchestrator.release.parts import Gathered
from orchestrator.release.policy import Policy
from orchestrator.release.registry import Progress, run_checks
from orchestrator.release.report import ReleaseReport, Row
from orchestrator.release.settings import ReleaseSettings
from orchestrator.release.signed import SignedReport
from orchestrator.release.statements import statements_of
from orchestrator.release.subject import gather
from orchestrator.report.release import release_page
from orchestrator.sensitivity import SensitivityPolicy
from orchestrator.settings import Settings
from orchestrator.unlearning.evaluation.document import SOURCES, code_digest, versions
from orchestrator.unlearning.evaluation.folder import check_free, write_folder
from orchestrator.unlearning.evaluation.models import ModelSettings

REPORT, SIGNED, PAGE = "release-report.json", "release-report.signed.json", "index.html"
Sign = Callable[[ReleaseReport], SignedReport]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and what was written; ``signed`` is None where nobody signs."""

    findings: tuple[Finding, ...]
    report: ReleaseReport
    signed: SignedReport | None
    out: Path


def check_release(
    model: str,
    references: Sequence[str],
    settings: Settings,
    base: ModelSettings,
    out: Path,
    *,
    sign: Sign | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Load, measure, judge, sign, write; what is wrong with the arguments is told before anything is measured.

    Args:
        model, references: folders; the references never saw the members. base: of adapters. out: the folder to make.

    Raises:
        ConfigurationError: the output is there already, or a setting has no meaning.
        DataError: a model or a set cannot be used. DiskError: the output cannot be written.
    """
    check_free(out)
    group = settings.group("release")
    policy, wanted = Policy.from_group(group), ReleaseSettings.from_group(group)
    statements = statements_of(Path(model).expanduser(), wanted, SensitivityPolicy.from_settings(settings.values))
    if progress is not None:
        progress("loading models and data", 0.0)
    found = gather(model, references, wanted, base, cache=cache)
    subject = found.subject
    if statements is not None:
        subject = replace(subject, parts={**subject.parts, "statements": statements})
    findings = run_checks(subject, policy, progress=progress)
    report = report_of(found, policy, findings)
    signed = None if sign is None else sign(report)
    pictures = {finding.name: finding.pictures for finding in findings}
    files = {REPORT: report.to_bytes() + b"\n", PAGE: release_page(report, signed, pictures).encode()}
    if signed is not None:
        files[SIGNED] = signed.to_bytes() + b"\n"
    write_folder(out, files)
    return Checked(findings, report, signed, out)


def report_of(found: Gathered, policy: Policy, findings: Sequence[Finding]) -> ReleaseReport:
    """The canonical object of it."""
    return ReleaseReport(
        manifest=found.subject.manifest,
        model=found.model,
        references=found.references,
        kind=found.subject.kind,
        policy=policy.name,
        policy_digest=policy.digest,
        required=tuple(sorted(policy.required)),
        sets=found.sets,
        rows=tuple(map(Row.of, findings)),
        code=code_digest((*SOURCES, "release")),
        versions=versions(),
    )
