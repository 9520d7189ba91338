"""Parts of a certificate that tell the request, when it took effect, and what it takes out of the model."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.commitment.consequences import by_owner
from orchestrator.commitment.figures import place_of
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.contributions import Tasks, descendants, in_order, live_contributions, void_updates
from orchestrator.ledger.entities import LedgerState, Revocation, RoundStatus
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.records import Position
from orchestrator.ledger.replays import to_train_again
from orchestrator.types import UpdateId

HARDENING = "hardening"
"""Kind of the manifest entry that mode ``heal`` may add."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a revocation changes where it takes effect.

    Attributes:
        before, after: the manifests there, without it and with it.
        until, since: contributions that counted without it and with it, in order.
        descendants: contributions that had been trained on top of the revoked ones by then, in order.
    """

    before: Manifest
    after: Manifest
    until: tuple[UpdateId, ...]
    since: tuple[UpdateId, ...]
    descendants: tuple[UpdateId, ...]

    @property
    def leaves(self) -> tuple[UpdateId, ...]:
        """Contributions that count no more."""
        return tuple(item for item in self.until if item not in self.since)


def change_of(
    state: LedgerState, revocation: Revocation, effective: Position, tasks: Tasks, manifests: tuple[Manifest, Manifest]
) -> Change:
    """Computes it from the records; ``manifests`` are those without and with the revocation."""
    return Change(
        *manifests,
        until=live_contributions(state, tasks, at=effective, ignoring=revocation.id),
        since=live_contributions(state, tasks, at=effective),
        descendants=descendants(state, revocation.updates, tasks, until=effective),
    )


def request_part(state: LedgerState, revocation: Revocation, tasks: Tasks) -> Document:
    """What was asked, by whom, of whose contributions, and who approved it."""
    owners = {state.updates[item].organisation for item in revocation.updates}
    return {
        "number": 1 + list(state.revocations).index(revocation.id),
        "organisation": revocation.organisation,
        "owners": sorted(owners),
        "scope": scope_of(state, revocation, tasks),
        "reason": revocation.reason,
        "mode": revocation.mode.value,
        "urgent": revocation.urgent,
        "approved_by": "owner" if by_owner(state, revocation) else "quorum",
        "supporters": sorted(revocation.supporters | {revocation.organisation}),
        "updates": sorted(revocation.updates),
        "digest": revocation.request_digest,
    }


def scope_of(state: LedgerState, revocation: Revocation, tasks: Tasks) -> str:
    """How much was asked for, seen from what counted when it was asked.

    ``round``: all of one round, of several owners; ``organisation``: all that its owners had; else ``contributions``.
    """
    live = live_contributions(state, tasks, at=revocation.requested)
    owners = {state.updates[item].organisation for item in revocation.updates}
    rounds = {state.updates[item].round for item in revocation.updates}
    asked = {item for item in live if item in revocation.updates}
    of_rounds = {item for item in live if state.updates[item].round in rounds}
    if len(rounds) == 1 and len(owners) > 1 and asked == of_rounds:
        return "round"
    of_owners = {item for item in live if state.updates[item].organisation in owners}
    return "organisation" if asked and asked == of_owners else "contributions"


def effect_part(state: LedgerState, revocation: Revocation, effective: Position) -> Document:
    """Where it was approved and took effect, and what became of the round that was open in between."""
    assert revocation.approved is not None  # what is in effect was approved
    return {
        "approved": place_of(revocation.approved),
        "effective": place_of(effective),
        "round": None if revocation.void_round is None else _open_round(state, revocation.void_round),
    }


def _open_round(state: LedgerState, number: int) -> Document:
    """A round in which the owners' updates are void; what else it brought is a descendant, or lost where it failed."""
    failed = state.rounds[number].status is RoundStatus.FAILED
    return {"id": number, "failed": failed, "void": list(in_order(state, void_updates(state, number)))}


def lineage_part(state: LedgerState, revocation: Revocation, change: Change) -> Document:
    """What is revoked, what leaves the model by it, what was trained on top of it, which of that stays, and what is
    back in the manifest because what superseded it left (lineage ``isolated``)."""
    before = set(change.before.updates)
    return {
        "revoked": [_contribution(state, item) for item in in_order(state, revocation.updates)],
        "leaves": list(change.leaves),
        "descendants": list(change.descendants),
        "stays": [item for item in change.descendants if item in change.since],
        "returns": [item for item in change.after.updates if item not in before],
    }


def _contribution(state: LedgerState, update_id: UpdateId) -> Document:
    update = state.updates[update_id]
    return {
        "update": update_id,
        "organisation": update.organisation,
        "round": update.round,
        "ciphertext_digest": update.ciphertext_digest,
        "data_statement": update.data_statement_digest,
    }


def takes_part(state: LedgerState, revocation: Revocation, change: Change, tasks: Tasks) -> Document:
    """What the mode takes beyond leaving out: hardening entries that join the manifest, and of each ordinary round that
    is to be trained again the members whose contributions left with it. Neither is waited for."""
    known, entries = _hardening(change.before), _hardening(change.after)
    return {
        "hardening": [entry for entry in entries if entry not in known],
        "rounds_to_train": [list(members) for members in to_train_again(state, revocation, tasks)],
    }


def _hardening(manifest: Manifest) -> list[Document]:
    return [entry.document() for entry in manifest.entries if entry.kind == HARDENING]


def manifest_part(change: Change) -> Document:
    """Digests of both manifests, and the documents that have them."""
    return {
        "before": change.before.digest,
        "after": change.after.digest,
        "documents": {"before": change.before.document, "after": change.after.document},
    }
