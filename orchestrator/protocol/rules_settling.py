"""When a revocation has to be counted again: members left, or the quorum fell, and no act of a member is still to come.

The contract counts whenever somebody acts. Where a change of membership has made enough of what was done before, nobody
has anything left to do, and the revocation would stay where it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from orchestrator.ledger.entities import LedgerState, Revocation
from orchestrator.ledger.revocations import supporting
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import ZERO_DIGEST, Digest


def settling_rules(state: NodeState, revocation: Revocation) -> Iterator[fx.Effect]:
    """Have it counted again where that takes it a step on. The contract, too, refuses to where it does not."""
    if _moves(state, revocation):
        counted = agreed_certificate(state.ledger, revocation) if revocation.certificate is None else None
        yield fx.SettleRevocation(revocation.id, state.ledger.members.epoch, counted or ZERO_DIGEST)


def _moves(state: NodeState, revocation: Revocation) -> bool:
    ledger, present = state.ledger, state.ledger.members.seats.keys()
    if revocation.certificate is not None:
        return present <= revocation.receipts.keys()
    if revocation.approved is None:
        supported = len(supporting(ledger, revocation)) >= ledger.members.quorum
        return supported and revocation.id not in state.lapsed and _free(ledger, revocation)
    if revocation.id in state.verified:
        return agreed_certificate(ledger, revocation) is not None
    return revocation.replacement is not None and present <= revocation.verifications.keys()


def agreed_certificate(ledger: LedgerState, revocation: Revocation) -> Digest | None:
    """What a quorum of the present members endorses, if there is such a certificate."""
    present = (item for name, item in revocation.endorsements.items() if name in ledger.members.seats)
    counts = Counter(item.certificate_digest for item in present)
    return next((digest for digest, count in counts.items() if count >= ledger.members.quorum), None)


def _free(ledger: LedgerState, revocation: Revocation) -> bool:
    """Whether no other approved request holds any of its updates."""
    held = {item for other in ledger.revocations.values() if other.approved for item in other.updates}
    return held.isdisjoint(revocation.updates)
