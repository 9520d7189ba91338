"""Verdicts of a masked round: which submission is the sum, to the bit. Nobody can judge a part of it (decision 109)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from orchestrator.daemon.services import Services
from orchestrator.daemon.workbench import Judgement, OpenDelta
from orchestrator.errors import EnvelopeError, FormatError
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.masked_rounds import chosen, weight_cap
from orchestrator.masking.session import Session, units_bytes
from orchestrator.secagg.refusal import SecaggRefused
from orchestrator.types import UpdateId

WRONG_SUM = "WRONG_SUM"
NOT_AN_OWNER = "NOT_AN_OWNER"
CANNOT_OPEN = "CANNOT_OPEN"
"""Of a round of which this member cannot open an update: it has no sum to compare with."""
COPY = "COPY_OF_ANOTHER"
"""As :class:`orchestrator.contribution.Reason` has it, which needs torch."""

_log = logging.getLogger(__name__)


def masked_verdicts(
    services: Services,
    session: Session,
    manifest: Manifest,
    candidates: Sequence[UpdateId],
    opener: OpenDelta,
    refused: Mapping[UpdateId, str],
) -> Mapping[UpdateId, Judgement]:
    """Accept the first submission by an owner that is the sum as this member computes it; scores are zero, since
    awards are equal.

    Raises:
        StorageError: an object of the round is not to be had: try again.
    """
    verdicts = {item: _rejected(reason) for item, reason in refused.items()}
    if not candidates:
        return verdicts
    try:
        total = session.total()
    except SecaggRefused as error:
        return verdicts | {item: _rejected(error.reason.value) for item in candidates}
    except (EnvelopeError, FormatError) as error:
        _log.warning("round %d: this member has no sum to compare with: %s", session.found.id, error)
        return verdicts | {item: _rejected(CANNOT_OPEN) for item in candidates}
    whole = services.bench.whole(session.task, manifest, units_bytes(total.total))
    own = {item for item in candidates if session.submitter(item) in total.owners}
    right = frozenset(item for item in candidates if item in own and opener(item) == whole)
    first, cap = chosen(session.found, right), weight_cap(total.owners)
    for item in candidates:
        if item == first:
            verdicts[item] = Judgement(True, cap, 0, "")
        else:
            verdicts[item] = _rejected(COPY if item in right else WRONG_SUM if item in own else NOT_AN_OWNER)
    return verdicts


def _rejected(reason: str) -> Judgement:
    return Judgement(False, 0, 0, reason)
