"""What a round pays for each contribution: an integer function of the revealed scores, which anybody recomputes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.entities import LedgerState, Round
from orchestrator.ledger.standard_tree import StandardMerkleTree, standard_leaf
from orchestrator.ledger.weights import settled_score
from orchestrator.ledger.words import address_bytes, word
from orchestrator.types import Address, OrganisationId, UpdateId

LEAF_TYPES = ("uint64", "uint256", "bytes32", "address", "uint256")


@dataclass(frozen=True, slots=True)
class Award:
    """One leaf of a round's awards tree, but for the checkpoint's sequence."""

    index: int
    update_id: UpdateId
    account: Address
    amount: int


def accounts_of(round_: Round) -> dict[OrganisationId, Address]:
    """Where each member is paid: to its authority at the opening."""
    return {name: member.authority for name, member in round_.members.items()}


def awards(
    state: LedgerState, round_id: int, per_round: int, accounts: Mapping[OrganisationId, Address] | None = None
) -> tuple[Award, ...]:
    """Awards of a closed round, in the order of its manifest entries.

    An active update earns in proportion to its settled score, if its owner revealed its verdicts. Amounts are rounded
    down; what is left is not paid. Awards of zero are left out, and indices count those that remain.

    Args:
        per_round: what the round pays in all.
        accounts: where members are paid; their authorities at the opening by default.
    """
    round_ = state.rounds[round_id]
    paid_to = accounts_of(round_) if accounts is None else accounts
    paying = [state.updates[item] for item in active_updates(state, round_id)]
    scores = [(update, settled_score(update)) for update in paying if update.organisation in round_.revealed]
    total = sum(score for _, score in scores)
    amounts = [(update, per_round * score // total if total else 0) for update, score in scores]
    return tuple(
        Award(index, update.id, paid_to[update.organisation], amount)
        for index, (update, amount) in enumerate((update, amount) for update, amount in amounts if amount)
    )


def award_leaf(sequence: int, award: Award) -> bytes:
    """The leaf as the AwardDistributor computes it."""
    values = (sequence, award.index, word(award.update_id), address_bytes(award.account), award.amount)
    return standard_leaf(LEAF_TYPES, values)


def awards_tree(sequence: int, listed: Sequence[Award]) -> StandardMerkleTree:
    """The tree whose root the checkpoint of that sequence names; ``proof(i)`` is that of the award at place ``i``."""
    return StandardMerkleTree([award_leaf(sequence, award) for award in listed])
