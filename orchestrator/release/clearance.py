"""May this model go out? A member's signed report for its manifest, by the demanded policy, that does not fail; or a
quorum's override of exactly that report."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.errors import GateFailed, ProtocolError
from orchestrator.ledger.entities import LedgerState
from orchestrator.release.check import Verdict
from orchestrator.release.override import agreed_override, agreed_report, agreed_withdrawal
from orchestrator.release.policy import Policy
from orchestrator.release.signed import SignedReport
from orchestrator.types import ArtefactId, Digest, OrganisationId


@dataclass(frozen=True, slots=True)
class Clearance:
    """Why a model may go out.

    Attributes:
        record: by which a quorum stands behind the report; None where it rests on one member's word.
        override: by which a quorum overrides it; None where it passes.
    """

    report: Digest
    verdict: Verdict
    organisation: OrganisationId
    record: ArtefactId | None
    override: ArtefactId | None

    @property
    def told(self) -> str:
        """The sentence for it."""
        behind = "a quorum stands behind it" if self.record else f"on the word of {self.organisation} alone"
        if self.override is not None:
            return f"release report {self.report} fails ({behind}), and a quorum overrides it: {self.override}"
        return f"release report {self.report} says {self.verdict}; {behind}"


def clear(signed: SignedReport, state: LedgerState, manifest: Digest, policy: Policy) -> Clearance:
    """Look at a report as the private chain's records have its signer and its overrides.

    Raises:
        ProtocolError: it is of another manifest or policy, or not signed by a present member's delegate.
        GateFailed: it fails, and no quorum overrides it; or a quorum withdrew the model, which no report heals.
    """
    if withdrawn := agreed_withdrawal(state, manifest):
        raise GateFailed(
            f"withdrawn: a quorum withdrew the model of manifest {manifest} (record {withdrawn.id})",
            mend="release a later manifest; `loranchor release records` shows whose word it is",
        )
    seat = state.members.seats.get(signed.organisation)
    if seat is None:
        raise ProtocolError(
            f"the release report is of {signed.organisation}, which is no member",
            mend="give the report of a member",
        )
    signed.check(delegate=seat.delegate, manifest=manifest)
    report = signed.report
    if report.policy_digest != policy.digest:
        raise ProtocolError(
            f"the release report is by policy {report.policy}, {policy.name} as it is here is demanded",
            mend=f"run `loranchor release check` with --policy {policy.name}, or add release={report.policy}",
        )
    record, override = agreed_report(state, manifest, report.digest), agreed_override(state, report.digest)
    if report.verdict == "fail" and override is None:
        why = [row.name for row in report.rows if row.verdict == "fail"] + [f"no {name}" for name in report.missing]
        raise GateFailed(
            f"the model does not pass {policy.name}: {', '.join(why)}",
            mend="mend the model, or have a quorum stand behind `loranchor release override`",
        )
    return Clearance(
        report.digest,
        report.verdict,
        signed.organisation,
        None if record is None else record.id,
        override.id if override is not None and report.verdict == "fail" else None,
    )
