"""A sealed report on its way to a maintainer: found by the chain, fetched, opened and compared."""

from __future__ import annotations

from orchestrator.disclosure.desk import Desk
from orchestrator.disclosure.opening import Opening
from orchestrator.disclosure.refusal import WrongReport
from orchestrator.disclosure.reminding import seen
from orchestrator.disclosure.sealing import LIMIT, Sealed, open_report
from orchestrator.errors import ObjectMissing
from orchestrator.storage.store import ObjectStore


def fetch_opening(desk: Desk, id: int, private: bytes, store: ObjectStore, *, timeout: float) -> Opening:
    """What report ``id`` holds, pinned on this node in its sealed form.

    Args:
        private: of a key that it may be sealed to. timeout: seconds for the object to come.

    Raises:
        UnknownReport: no such report. ObjectMissing: nobody has the sealed report, or the chain does not say where.
        EnvelopeError, FormatError: it does not open, or is none. WrongReport: it is not what was committed to.
    """
    case = seen(desk, id)[0]
    if case.sealed is None:
        raise ObjectMissing(
            f"the chain does not say where report {id} lies",
            mend="it was committed to by another program: wait for its reporter",
        )
    sealed = Sealed.from_bytes(store.fetch(case.sealed, limit=LIMIT, timeout=timeout))
    place = (sealed.chain_id, sealed.registry, sealed.reporter, sealed.commitment)
    if place != (desk.chain.chain_id, desk.registry.address, case.reporter, case.commitment):
        raise WrongReport(f"what lies at {case.sealed} is not sealed for report {id}", mend="ask its reporter")
    opening = open_report(sealed, private)
    store.pin(case.sealed, timeout=timeout)
    return opening
