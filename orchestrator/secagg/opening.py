"""The terms of a round's secure aggregation: they follow from task, round and model, so nobody sends them."""

from __future__ import annotations

from orchestrator.ledger.entities import Round
from orchestrator.ledger.task import TaskSpec
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.terms import Terms
from orchestrator.types import Address, Digest

SUM_LIMIT = 1 << 23
"""A sum is smaller, either way: so it is on the grid of ``ffa``, exact in fp32, and an ordinary delta."""
RING_BITS = 32
WEIGHT = 1


def terms_of(task: TaskSpec, found: Round, chain_id: int, ledger: Address, words: int, layout: Digest) -> Terms:
    """The terms of a round that was opened.

    Args:
        ledger: the ``RoundLedger``. words, layout: see :mod:`orchestrator.secagg.numbers`.

    Raises:
        SecaggRefused: BAD_TERMS where the task is for another policy, a member has no prekey of the round, or the
            quorum is no threshold; OVERFLOW where a sum could leave the grid.
    """
    settings = task.privacy.settings.get("secagg")
    if settings is None:
        raise SecaggRefused(Reason.BAD_TERMS, f"the task's privacy policy is {task.privacy.policy}, not secagg")
    if without := sorted(found.members.keys() - found.recipients.keys()):
        raise SecaggRefused(
            Reason.BAD_TERMS,
            f"{', '.join(without)} had no prekey when round {found.id} opened, so no shares can be sealed to them",
            mend="open rounds of this task when all members have prekeys",
        )
    terms = Terms(
        chain_id=chain_id,
        ledger=ledger,
        round=found.id,
        task=task.digest,
        parties=tuple(sorted(found.members)),
        threshold=found.quorum,
        ring_bits=RING_BITS,
        clip=int(settings["clip"]),
        most_weight=WEIGHT,
        words=words,
        layout=layout,
    )
    if terms.most >= SUM_LIMIT:
        raise SecaggRefused(
            Reason.OVERFLOW,
            f"{len(terms.parties)} members with numbers to {terms.clip} sum to {terms.most} steps; the grid ends below"
            f" {SUM_LIMIT}",
            mend=f"a task with privacy.secagg.clip of at most {(SUM_LIMIT - 1) // len(terms.parties)}",
        )
    return terms
