"""Which checks there are, and running them under a policy. A new check is one more line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.errors import ConfigurationError
from orchestrator.release.check import KINDS, Check, Finding, Subject, not_run
from orchestrator.release.checks.backdoors import Backdoors
from orchestrator.release.checks.canaries import Canaries
from orchestrator.release.checks.clusters import ActivationClusters
from orchestrator.release.checks.data import Data
from orchestrator.release.checks.evasion import Evasion
from orchestrator.release.checks.extraction import Extraction
from orchestrator.release.checks.inversion import Inversion
from orchestrator.release.checks.membership import Membership
from orchestrator.release.checks.supply import Supply
from orchestrator.release.policy import Policy

CHECKS: tuple[Check, ...] = (
    Data(),
    Supply(),
    Membership(),
    Canaries(),
    Extraction(),
    Inversion(),
    Evasion(),
    Backdoors(),
    ActivationClusters(),
)
Progress = Callable[[str, float], None]
"""Told what is being done, and how much of all is done, from 0 to 1."""


def run_checks(
    subject: Subject, policy: Policy, checks: Sequence[Check] = CHECKS, progress: Progress | None = None
) -> tuple[Finding, ...]:
    """Every check, judged; one that cannot be run says why.

    Raises:
        ConfigurationError: the policy demands or bounds what no check is called.
        DataError: parts of the subject do not fit each other.
    """
    _check_names(policy, checks)
    found: list[Finding] = []
    for number, check in enumerate(checks):
        if progress is not None:
            progress(f"checking {check.name}", number / len(checks))
        found += (policy.judged(finding) for finding in _run(check, subject, policy))
    return tuple(found)


def _run(check: Check, subject: Subject, policy: Policy) -> list[Finding]:
    if subject.kind not in check.kinds:
        return [not_run(check.name, f"it is not made for a {KINDS[subject.kind]}", applies=False)]
    lacking = subject.lacks(check.needs)
    if lacking:
        given = ", ".join(f"release.{name}" for name in lacking)
        return [not_run(check.name, f"{given} {'is' if len(lacking) == 1 else 'are'} not set")]
    found = check.run(subject, policy.settings.get(check.name, {}))
    return found if isinstance(found, list) else [found]


def _check_names(policy: Policy, checks: Sequence[Check]) -> None:
    names = {check.name for check in checks}
    for name in (*policy.required, *policy.bounds, *policy.settings):
        if name.partition(".")[0] not in names:
            raise ConfigurationError(
                f"policy {policy.name} names the check {name!r}", mend=f"checks are {', '.join(sorted(names))}"
            )
