"""Which objects must be on IPFS, and which of them to ask for now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.observation import Asked
from orchestrator.errors import StorageError
from orchestrator.ledger.contributions import Tasks, contributing_rounds, live_contributions
from orchestrator.ledger.entities import LedgerState
from orchestrator.storage.cid import check_cid


def wanted(state: LedgerState, tasks: Tasks) -> dict[str, str]:
    """CIDs with what each is: tasks and agreements that contributions were made under, live contributions,
    certificates and receipts. What a revocation has taken out nobody has to keep.

    Raises:
        ProtocolError: a task that decides what is live is not at hand.
    """
    named: dict[str, str] = {}
    for cid, what in (*_terms(state), *_contributions(state, tasks), *_papers(state)):
        if cid and _is_cid(cid):
            named.setdefault(cid, what)
    return named


def terms(state: LedgerState) -> dict[str, str]:
    """Only tasks and agreements: what can be said while a task is missing."""
    return {cid: what for cid, what in _terms(state) if _is_cid(cid)}


def turn(wanted: Mapping[str, str], asked: Mapping[str, Asked], limits: Limits, now: int) -> list[str]:
    """CIDs to ask for in this look: what was missing first, then never asked, then those asked longest ago."""
    missing = [cid for cid in wanted if cid in asked and asked[cid].misses]
    fresh = [cid for cid in wanted if cid not in asked]
    known = [cid for cid in wanted if cid in asked and not asked[cid].misses]
    old = sorted((cid for cid in known if now - asked[cid].at >= limits.object_every), key=lambda cid: asked[cid].at)
    # those that are missing take at most half of a look, else a lost folder would hide whatever is lost next
    half = max(limits.objects_per_look // 2, 1)
    missing.sort(key=lambda cid: asked[cid].at)
    return [*missing[:half], *fresh, *old][: limits.objects_per_look]


def _terms(state: LedgerState) -> Iterator[tuple[str, str]]:
    for found in contributing_rounds(state):
        yield found.opening.task_cid, f"the task of round {found.id}"
        yield found.opening.agreement_cid, f"the agreement of round {found.id}"


def _contributions(state: LedgerState, tasks: Tasks) -> Iterator[tuple[str, str]]:
    for update_id in live_contributions(state, tasks):
        update = state.updates[update_id]
        for cid, part in ((update.header_cid, "header"), (update.payload_cid, "payload")):
            yield cid or "", f"the {part} of {update.organisation}'s contribution in round {update.round}"


def _papers(state: LedgerState) -> Iterator[tuple[str, str]]:
    for revocation in state.revocations.values():
        for organisation, receipt in revocation.receipts.items():
            yield receipt.receipt_cid, f"the shred receipt of {organisation} for revocation {revocation.id}"
        endorsed = (item for item in revocation.endorsements.values() if revocation.certified is not None)
        for endorsement in endorsed:
            if endorsement.certificate_digest == revocation.certificate:
                yield endorsement.certificate_cid, f"the certificate of revocation {revocation.id}"


def _is_cid(text: str) -> bool:
    try:
        check_cid(text)
    except StorageError:  # the chain takes any text
        return False
    return True
