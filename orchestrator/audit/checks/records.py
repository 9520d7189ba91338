"""Is every private record signed by whom it names, and do all records together make sense?"""

from __future__ import annotations

from itertools import groupby

from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.ledger.ids import artefact_id_of, request_id_of, update_id_of
from orchestrator.ledger.schema import kind_of
from orchestrator.types import OrganisationId


def check_records(own: Recomputed, tally: Tally) -> None:
    private = own.evidence.private
    tally.demand(not private.broken, "private records", private.broken)
    for text in private.ignored:
        tally.demand(False, "private records", f"{text}; no honest member counts it")
    tally.demand(not own.contradiction, "private records", own.contradiction)
    for record in own.records:
        where = private.deployment.address(kind_of(record.kind).contract)
        tally.same(record.name, "the contract that told it", record.contract, where)
    _check_ids(own, tally)
    _check_due(own, tally)
    tally.note(f"records: {len(own.records)}, every sender recovered from a raw signature")


def _check_ids(own: Recomputed, tally: Tally) -> None:
    """Identifiers are computed by the contracts, so that nobody chooses one."""
    private, state = own.evidence.private, own.state
    names = ("RoundLedger", "RevocationLedger", "ArtefactRegistry")
    rounds, ledger, registry = (private.deployment.address(name) for name in names)
    submissions = sorted(state.updates.values(), key=lambda item: (item.round, item.organisation, item.submitted))
    for (round_, organisation), updates in groupby(submissions, key=lambda item: (item.round, item.organisation)):
        for ordinal, update in enumerate(updates, start=1):
            computed = update_id_of(private.chain_id, rounds, round_, OrganisationId(organisation), ordinal)
            tally.same(f"update {ordinal} of {organisation} in round {round_}", "its id", update.id, computed)
    for number, request in enumerate(sorted(state.revocations.values(), key=lambda item: item.requested), start=1):
        computed_request = request_id_of(private.chain_id, ledger, number)
        tally.same(f"revocation request {number}", "its id", request.id, computed_request)
    for number, artefact in enumerate(sorted(state.artefacts.values(), key=lambda item: item.proposed), start=1):
        computed_artefact = artefact_id_of(private.chain_id, registry, number)
        tally.same(f"artefact {number}", "its id", artefact.id, computed_artefact)


def _check_due(own: Recomputed, tally: Tally) -> None:
    """The schedule's announcements are those that closed rounds and certified revocations call for."""
    announced = own.evidence.private.due
    if announced is None:
        return
    tally.same("CheckpointDue events", "their number", len(announced), len(own.state.due))
    for event, due in zip(announced, own.state.due, strict=False):
        found = (event.sequence, event.subject, int(event.reason), event.block)
        expected = (due.sequence, due.subject, ["round_closed", "revocation_certified"].index(due.reason), due.block)
        tally.same(f"CheckpointDue {due.sequence}", "sequence, subject, reason and block", found, expected)
        tally.same(
            f"CheckpointDue {due.sequence}",
            "its block's hash",
            event.block_hash,
            own.evidence.private.block_hashes.get(due.block),
        )
