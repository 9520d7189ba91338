"""What can be asked of a request."""

from __future__ import annotations

from contract_support import refuses
from play_revocations import UNKNOWN


def test_a_request_that_nobody_made(ledger, stranger):
    for view in (ledger.revocation, ledger.stageOf, ledger.deadlineOf, ledger.overdue):
        refuses("RevocationLedgerUnknownRequest", view, UNKNOWN, sender=stranger)
