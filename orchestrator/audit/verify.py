"""The audit: read both chains and IPFS, recompute everything, compare, and say what could not be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.audit.checks import CHECKS
from orchestrator.audit.checks.handover import check_handover
from orchestrator.audit.collect import Sources, collect
from orchestrator.audit.evidence import Evidence
from orchestrator.audit.handed import Handed
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.report import AuditReport, CheckResult
from orchestrator.audit.tally import Tally

NOT_CHECKED = (
    "what is inside sealed updates: an auditor has no content key",
    "whether scores, sample counts and ε are true: they are the members' own figures, only that they were not changed",
    "whether the figures in certificates are true: each member measured them on data that stays with it",
    "whether keys were destroyed: receipts are the members' own word, and whoever opened an update may have kept it",
    "whether the private chain's operators left something out before it was anchored",
)
"""What no audit of this kind can find out."""


def verify(sources: Sources, handed: Handed | None = None) -> AuditReport:
    """Audit everything up to the chains' present blocks.

    Args:
        sources: where to read; the deployments in it are the auditor's trust anchors.
        handed: what a member handed over, if anything.

    Raises:
        ChainError, StorageError: a chain or IPFS is down, so that nothing can be said.
    """
    return verify_evidence(collect(sources), handed)


def verify_evidence(evidence: Evidence, handed: Handed | None = None) -> AuditReport:
    """Audit what was read. Anything that does not agree becomes a finding."""
    own = Recomputed(evidence)
    results = tuple(_results(own, handed))
    not_checked = list(NOT_CHECKED)
    if not evidence.readable:
        not_checked.insert(0, "everything but the contracts, because those at the addresses given are not ours")
    if evidence.addresses_handed:
        not_checked.append("whether the contracts' addresses are the consortium's: they were taken from the handover")
    if handed is None:
        not_checked.append("a handover: none was given")
    usage = {**evidence.usage, "objects": evidence.objects.fetched, "bytes": evidence.objects.bytes_received}
    return AuditReport(results, _scope(own), tuple(not_checked), usage)


def _results(own: Recomputed, handed: Handed | None) -> Iterator[CheckResult]:
    for check in CHECKS:
        tally = Tally(check.name, check.title)
        check.compare(own, tally)
        yield tally.result()
        if not own.evidence.readable:
            return
    if handed is not None:
        tally = Tally("handover", "The handover is what the chains and IPFS give")
        check_handover(own, handed, tally)
        yield tally.result()


def _scope(own: Recomputed) -> Mapping[str, Any]:
    public, private = own.evidence.public, own.evidence.private
    return {
        "consortium_id": public.deployment.consortium_id,
        "public": {"chain_id": public.chain_id, "block": public.block, "block_hash": public.block_hash},
        "private": {"chain_id": private.chain_id, "block": private.block, "block_hash": private.block_hash},
        "head": public.head,
        "records": len(own.records),
        "checkpoints": len(public.anchored),
    }
