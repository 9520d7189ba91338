"""What can be asked of a round."""

from __future__ import annotations

from contract_support import name, refuses
from play import AGREEMENT


def test_a_round_that_nobody_opened(rounds, ledger, stranger):
    rounds.open()
    for number in (0, 2):
        for view in (ledger.phaseOf, ledger.deadlineOf, ledger.round):
            refuses("RoundLedgerUnknownRound", view, number, sender=stranger)
        refuses("RoundLedgerUnknownRound", ledger.phaseAt, number, 1, sender=stranger)


def test_what_an_organisation_has_accepted_that_is_no_member(ledger, stranger):
    refuses("ConsortiumUnknownOrganisation", ledger.agreementAccepted, AGREEMENT, name("nobody"), sender=stranger)
