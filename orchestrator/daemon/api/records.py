"""From the ledger to the API's rows of rounds, contributions and revocations. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from orchestrator.daemon.api import models as m
from orchestrator.disputes.rounds import failure_of
from orchestrator.ledger.contributions import accepted_updates, active_updates, void_updates
from orchestrator.ledger.entities import LedgerState, Revocation, Round, RoundStatus, Update
from orchestrator.ledger.revocations import supporting
from orchestrator.types import UpdateId


def rounds(state: LedgerState) -> Iterator[m.RoundRow]:
    """Every round, newest first; made one at a time, so that a page of a long life costs no more than its rows."""
    for number in sorted(state.rounds, reverse=True):
        yield round_row(state, state.rounds[number])


def contributions(state: LedgerState, unopened: Collection[UpdateId]) -> Iterator[m.ContributionRow]:
    """Every update, newest round first; made one at a time, too. ``unopened``: those that this member cannot open."""
    gone = {item: found for found in state.revocations.values() if found.approved for item in found.updates}
    for number in sorted(state.rounds, reverse=True):
        for update, word in _updates(state, state.rounds[number], gone):
            yield m.ContributionRow(
                update=update.id,
                round=number,
                organisation=update.organisation,
                state=word,
                samples=update.samples,
                epsilon=update.epsilon,
                acceptances=update.acceptances,
                unopened=update.id in unopened,
            )


def revocations(state: LedgerState) -> Iterator[m.RevocationRow]:
    """Every revocation, newest first."""
    newest = sorted(state.revocations.values(), key=lambda item: item.requested, reverse=True)
    return (_revocation(state, found) for found in newest)


def round_row(state: LedgerState, found: Round) -> m.RoundRow:
    """One round."""
    updates = [state.updates[item] for item in found.submissions]
    closed = found.status is RoundStatus.CLOSED
    return m.RoundRow(
        round=found.id,
        status=found.status.value,
        opener=found.opener,
        opened=found.opened.block,
        ended=found.ended.block if found.ended else None,
        members=list(found.members),
        submitted=sorted({item.organisation for item in updates}),
        passed=sorted(found.passed),
        released=sorted({item.organisation for item in updates if item.released}),
        committed=sorted(found.commitments),
        revealed=sorted(found.revealed),
        active=len(active_updates(state, found.id)) if closed else None,
        failure=failure_of(state, found),
    )


def _updates(state: LedgerState, found: Round, gone: dict[UpdateId, Revocation]) -> Iterator[tuple[Update, str]]:
    void, accepted = void_updates(state, found.id), set(accepted_updates(state, found.id))
    for update_id in found.submissions:
        update = state.updates[update_id]
        if update_id in gone:
            word = "shredded" if gone[update_id].shredded else "revoked"
        elif update.replaced_by is not None:
            word = "replaced"
        elif update_id in void:
            word = "void"
        elif found.status is RoundStatus.OPEN:
            word = "released" if update.released else "submitted"
        else:
            word = "active" if found.status is RoundStatus.CLOSED and update_id in accepted else "refused"
        yield update, word


def _revocation(state: LedgerState, found: Revocation) -> m.RevocationRow:
    step, waits_for = _step(state, found)
    return m.RevocationRow(
        request=found.id,
        organisation=found.organisation,
        reason=found.reason,
        mode=found.mode.value,
        urgent=found.urgent,
        step=step,
        waits_for=waits_for,
        updates=list(found.updates),
        certificate=found.certificate,
        receipts=sorted(found.receipts),
    )


def _step(state: LedgerState, found: Revocation) -> tuple[str, str]:
    """The step that the records show, and what comes next."""
    names, quorum = state.members.seats, state.members.quorum
    if found.shredded:
        return "shredded", ""
    if found.certificate is not None:
        return "certified", _missing("shred receipts", [name for name in names if name not in found.receipts])
    if found.approved is None:
        return "requested", f"{max(quorum - len(supporting(state, found)), 0)} more supports"
    if found.effective is None:
        return "approved", f"the end of round {found.void_round}"
    if found.replacement is None:
        return "approved" if found.affected is None else "affected", "any member's record"
    if found.endorsements:
        return "verified", _missing("endorsements", [name for name in names if name not in found.endorsements])
    return "replaced", _missing("figures or endorsements", [name for name in names if name not in found.verifications])


def _missing(what: str, names: list[str]) -> str:
    return f"{what} of {', '.join(names)}" if names else f"{what} to be counted"
