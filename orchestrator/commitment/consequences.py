"""What a revocation does to the awards of the revoked contributions, by its reason code.

The reason on chain is a free label; these words have a meaning. Whatever it is, what is claimed stays claimed: no
contract takes tokens back. What is to be void, a quorum of delegates voids on the public chain (``award
propose-void``); nothing does so by itself, since the private chain cannot know what has vested there.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from types import MappingProxyType

from orchestrator.ledger.awards import awards, awards_tree
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.contributions import Tasks, task_of
from orchestrator.ledger.entities import LedgerState, Reason, Revocation
from orchestrator.ledger.ids import round_of_subject


class Consequence(StrEnum):
    """What becomes of awards that nobody has claimed yet."""

    KEEP = "keep"
    """They stay payable: the contribution was earned, and its owner obeys a duty to delete."""
    VESTED = "vested"
    """Payable only those that have vested when the checkpoint of the certificate is anchored; the others are void."""
    VOID = "void"
    """None is payable: the contribution was not what it was paid for."""


REASONS = MappingProxyType(
    {
        "WITHDRAWN": Consequence.VESTED,
        "CONSENT": Consequence.KEEP,
        "ERASURE": Consequence.KEEP,
        "ORDER": Consequence.KEEP,
        "POISONED": Consequence.VOID,
        "COPIED": Consequence.VOID,
        "FALSIFIED": Consequence.VOID,
        "BREACH": Consequence.VOID,
    }
)
"""Reason codes by name, in any case of letters: an owner's own wish; a person's consent withdrawn, a person's or an
authority's demand to delete; and four causes against an owner."""


def consequence_of(reason: str, *, by_owner: bool) -> Consequence:
    """What a reason means. One that is not listed: as ``WITHDRAWN`` by the owner, as a cause by a quorum."""
    return REASONS.get(reason.upper(), Consequence.VESTED if by_owner else Consequence.VOID)


def by_owner(state: LedgerState, revocation: Revocation) -> bool:
    """Whether who asks owns all that is to go; such a request needs nobody's support."""
    return all(state.updates[item].organisation == revocation.organisation for item in revocation.updates)


def awards_of_revoked(state: LedgerState, revocation: Revocation, tasks: Tasks) -> Document:
    """The consequence, and the awards of the revoked contributions as the records give them: each with the sequence of
    its checkpoint, its index and the root that this index belongs to. Amounts are decimal strings in the token's
    smallest unit. What authorities have replaced on the public chain does not show here.
    """
    means = consequence_of(revocation.reason, by_owner=by_owner(state, revocation))
    return {"consequence": means.value, "listed": list(_listed(state, revocation, tasks))}


def _listed(state: LedgerState, revocation: Revocation, tasks: Tasks) -> Iterator[Document]:
    gone = set(revocation.updates)
    rounds = {state.updates[item].round for item in gone}
    for due in state.due:
        if due.reason is not Reason.ROUND_CLOSED or (number := round_of_subject(due.subject)) not in rounds:
            continue
        paid = awards(state, number, task_of(state.rounds[number], tasks).per_round)
        root = awards_tree(due.sequence, paid).root if paid else None
        for award in paid:
            if award.update_id in gone:
                yield {
                    "sequence": due.sequence,
                    "root": root,
                    "index": award.index,
                    "update": award.update_id,
                    "account": award.account,
                    "amount": str(award.amount),
                }
