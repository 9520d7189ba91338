"""Audits from the outside: reads both chains, IPFS and what it is handed, never a keystore and never a daemon."""

from orchestrator.audit.collect import Sources, collect
from orchestrator.audit.evidence import Evidence
from orchestrator.audit.handed import Handed, handed_of, read_handed
from orchestrator.audit.handover import handover_files, write_handover
from orchestrator.audit.render import print_report
from orchestrator.audit.report import AuditReport, CheckResult, Finding
from orchestrator.audit.verify import verify, verify_evidence

__all__ = [
    "AuditReport",
    "CheckResult",
    "Evidence",
    "Finding",
    "Handed",
    "Sources",
    "collect",
    "handed_of",
    "handover_files",
    "print_report",
    "read_handed",
    "verify",
    "verify_evidence",
    "write_handover",
]
