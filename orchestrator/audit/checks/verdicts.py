"""Did every judge reveal what it had committed to? The nonce is in the transaction that reveals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from orchestrator.audit.calls import arguments_of
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.chain.structs import Verdict
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.records import Record
from orchestrator.ledger.schema import integer
from orchestrator.types import OrganisationId


def check_verdicts(own: Recomputed, tally: Tally) -> None:
    revealed = [record for record in own.records if record.kind == "VerdictRevealed"]
    for _, group in groupby(revealed, key=lambda record: record.transaction):
        _check_reveal(own, list(group), tally)
    for round_ in own.state.rounds.values():
        silent = sorted(round_.commitments.keys() - round_.revealed)
        if silent and round_.status is not RoundStatus.OPEN:
            tally.note(f"{', '.join(silent)} committed in round {round_.id} and revealed nothing, which abstains")


def _check_reveal(own: Recomputed, events: Sequence[Record], tally: Tally) -> None:
    private, first = own.evidence.private, events[0]
    number, judge = first.fields["round_id"], OrganisationId(first.fields["organisation"])
    where = f"verdicts of {judge} in round {number}"
    call = private.calls.get(first.transaction)
    arguments = arguments_of(call, private, "RoundLedger", "revealVerdicts")
    if arguments is None:
        tally.fault(where, f"transaction {first.transaction} is no direct call of revealVerdicts")
        return
    round_id, verdicts, nonce, salt = arguments
    sent = [Verdict(**verdict) for verdict in verdicts]
    round_ = own.state.rounds.get(number)
    recorded = None if round_ is None else round_.commitments.get(judge)
    computed = tally.attempt(where, lambda: verdict_commitment(round_id, judge, sent, nonce))
    tally.same(where, "the commitment recorded before", recorded, computed)
    tally.demand(all(event.salt == salt for event in events), where, "the leaf salt is not the one that was sent")
    tally.same(where, "what was recorded", [_told(event) for event in events], sent)


def _told(event: Record) -> Verdict:
    fields = event.fields
    return Verdict(
        fields["update_id"], fields["accept"], fields["weight_cap"], integer(fields["score"]), fields["reason"]
    )
