"""The terms of a round's secure aggregation: they follow from task, round and model, so nobody sends them."""

from __future__ import annotations

from orchestrator.ledger.entities import Round
from orchestrator.ledger.task import TaskSpec
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.terms import LEAST_MEMBERS, Terms, usual_threshold
from orchestrator.types import Address, Digest, OrganisationId

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
    check_opening(task, tuple(sorted(found.members)), found.quorum)
    if without := sorted(found.members.keys() - found.recipients.keys()):
        raise SecaggRefused(
            Reason.BAD_TERMS,
            f"{', '.join(without)} had no prekey when round {found.id} opened, so no shares can be sealed to them",
            mend="open rounds of this task when all members have prekeys",
        )
    return Terms(
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


def check_opening(task: TaskSpec, parties: tuple[OrganisationId, ...], quorum: int) -> None:
    """Refuse a round whose members could not hide their updates, or whose sum might not fit the grid.

    Raises:
        SecaggRefused: BAD_TERMS: too few members, or a quorum that is not above two thirds of them; OVERFLOW.
    """
    settings = task.privacy.settings.get("secagg")
    if settings is None:
        raise SecaggRefused(Reason.BAD_TERMS, f"the task's privacy policy is {task.privacy.policy}, not secagg")
    count, clip = len(parties), int(settings["clip"])
    if count < LEAST_MEMBERS:
        raise SecaggRefused(
            Reason.BAD_TERMS,
            f"{count} members cannot hide their updates from each other: there must be {LEAST_MEMBERS}",
            mend="admit more members first",
        )
    if quorum < (least := usual_threshold(count)):
        raise SecaggRefused(
            Reason.BAD_TERMS,
            f"a quorum of {quorum} among {count} members hides nobody's update from who runs the private chain and one"
            f" of them: masked rounds of {count} members need a quorum of {least}",
            mend=f"raise it with `loranchor consortium propose --quorum {least}`, or open a task without masks",
        )
    if (most := count * WEIGHT * clip) >= SUM_LIMIT:
        raise SecaggRefused(
            Reason.OVERFLOW,
            f"{count} members with numbers to {clip} sum to {most} steps; the grid ends below {SUM_LIMIT}",
            mend=f"a task with privacy.secagg.clip of at most {(SUM_LIMIT - 1) // count}",
        )
