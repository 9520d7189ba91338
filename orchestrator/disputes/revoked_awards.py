"""Which awards a certified revocation has voided: what a quorum of delegates is asked to sign."""

from __future__ import annotations

from orchestrator.commitment.consequences import Consequence, by_owner, consequence_of
from orchestrator.disputes.anchored import AnchorView
from orchestrator.disputes.award_decisions import present_list
from orchestrator.disputes.sheets import Sheet
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.ledger.entities import LedgerState, Revocation
from orchestrator.types import UpdateId


def voided_by(state: LedgerState, found: Revocation, sheet: Sheet, view: AnchorView) -> tuple[UpdateId, ...]:
    """Updates of a revocation whose awards in one checkpoint are to be void, and are neither paid nor void yet.

    Raises:
        ProtocolError: the request is not certified; its reason leaves the awards as they are; its certificate's
            checkpoint is not anchored yet, or they had vested by then; or all are paid or void.
        ConfigurationError: the checkpoint pays nothing for what is revoked.
    """
    if found.certificate is None:
        raise ProtocolError(f"request {found.id} is not certified", mend="see `loranchor revoke status`")
    means = consequence_of(found.reason, by_owner=by_owner(state, found))
    if means is Consequence.KEEP:
        raise ProtocolError(f"the reason {found.reason!r} leaves the awards of request {found.id} as they are")
    listed = [award for award in present_list(sheet).awards if award.update_id in found.updates]
    if not listed:
        raise ConfigurationError(f"checkpoint {sheet.sequence} pays nothing for what request {found.id} revokes")
    if means is Consequence.VESTED:
        _check_unvested(state, found, sheet, view)
    left = tuple(award.update_id for award in listed if award.index not in sheet.spent)
    if not left:
        raise ProtocolError(
            f"the awards of checkpoint {sheet.sequence} for request {found.id} are paid or void already"
        )
    return left


def _check_unvested(state: LedgerState, found: Revocation, sheet: Sheet, view: AnchorView) -> None:
    """Awards vest while the contribution is active: until the certificate's checkpoint is anchored."""
    due = next(item for item in state.due if str(item.subject) == str(found.id))
    anchored = view.get(due.sequence)
    if anchored is None:
        raise ProtocolError(
            f"checkpoint {due.sequence}, with the certificate of request {found.id}, is not anchored yet",
            mend="whether the awards had vested by then is known once it is",
        )
    if sheet.vested_from is not None and anchored.place.block >= sheet.vested_from:
        raise ProtocolError(
            f"the awards of checkpoint {sheet.sequence} had vested in block {sheet.vested_from}, before the certificate"
            f" of request {found.id} was anchored in block {anchored.place.block}; they stay payable"
        )
