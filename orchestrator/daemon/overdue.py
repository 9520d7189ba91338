"""Members that have not said in time that they have shredded: an alarm at everybody's daemon until they have."""

from __future__ import annotations

import time
from collections.abc import Iterator

from orchestrator.daemon.alarms import SHREDDING_OVERDUE
from orchestrator.daemon.journal import Alarm
from orchestrator.daemon.services import Services
from orchestrator.ledger.entities import LedgerState, Revocation
from orchestrator.ledger.revocations import receipts_missing
from orchestrator.types import OrganisationId

_LONGEST = 3
"""Requests that one alarm names; ``loranchor revoke status`` has all."""


class Overdue:
    """Compares the certificates' deadlines with the private chain's head, without asking the chain.

    How many blocks a step may take is a term of the contract for ever; it is read from the deployment.
    """

    def __init__(self, services: Services) -> None:
        self._me, self._steps = services.me, _step_blocks(services)
        self._since: float | None = None

    def alarms(self, ledger: LedgerState, block: int) -> tuple[Alarm, ...]:
        """One alarm for all requests whose receipts are late at that private block; none where none is."""
        late = list(self._late(ledger, block))
        if not late:
            self._since = None
            return ()
        self._since = self._since or time.time()
        more = f"; and {len(late) - _LONGEST} more" if len(late) > _LONGEST else ""
        text = f"{'; '.join(late[:_LONGEST])}{more}: see `loranchor revoke status`"
        return (Alarm(SHREDDING_OVERDUE, text, self._since),)

    def _late(self, ledger: LedgerState, block: int) -> Iterator[str]:
        if not self._steps:
            return
        for revocation in ledger.revocations.values():
            due = _due(revocation, self._steps)
            missing = () if due is None or block <= due else receipts_missing(ledger, revocation)
            if missing:
                who = ", ".join(map(self._named, missing))
                yield f"revocation {revocation.id} lacks the shred receipt of {who}, due by block {due}"

    def _named(self, name: OrganisationId) -> str:
        return f"{name} (this member)" if name == self._me else name


def _due(revocation: Revocation, step_blocks: int) -> int | None:
    """The private block up to which receipts are in time; None while none are due, and once all are there."""
    if revocation.certified is None or revocation.shredded:
        return None
    return revocation.certified.block + step_blocks


def _step_blocks(services: Services) -> int:
    """The last argument of the RevocationLedger's constructor; 0 where the deployment does not tell."""
    record = services.private.deployment.contracts.get("RevocationLedger")
    arguments = () if record is None else record.constructor_arguments
    return int(arguments[-1]) if arguments else 0
