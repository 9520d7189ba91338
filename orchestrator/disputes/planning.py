"""A revocation's plan with what only the chains and this home can tell: awards, and what rounds cost here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from orchestrator.chain.contracts import PublicContracts
from orchestrator.chain.public_events import AwardClaim, AwardsPublication, AwardVoided, read_awards
from orchestrator.commitment.consequences import Consequence, awards_of_revoked
from orchestrator.daemon.spent import spent_of
from orchestrator.errors import ChainError, DiskError, EnvironmentMissing
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.entities import LedgerState, Mode
from orchestrator.types import OrganisationId, UpdateId
from orchestrator.unlearning.plan import Plan, Spent, plan_of, planned_revocation
from orchestrator.unlearning.policy import Policy

UNKNOWN = "unknown: the public chain cannot be read"


def planned(
    state: LedgerState,
    tasks: Tasks,
    home: Path,
    me: OrganisationId,
    updates: Sequence[UpdateId],
    *,
    reason: str,
    policy: Policy,
) -> Plan:
    """See :func:`orchestrator.unlearning.plan.plan_of`; with what this home's journal has measured.

    A journal that cannot be read has measured nothing: it keeps nobody from asking for a contribution back.
    """
    try:
        spent = spent_of(home)
    except DiskError:
        spent = Spent()
    return plan_of(state, tasks, me, updates, reason, spent=spent, policy=policy)


def awards_at_stake(state: LedgerState, plan: Plan, tasks: Tasks, public: Callable[[], PublicContracts]) -> Document:
    """The awards of the contributions, and what their reason makes of each.

    Args:
        public: gives the public chain's contracts; the plan goes on where that chain is out of reach.

    Returns:
        ``consequence`` by the reason's code, and ``listed``, each award with its ``fate``: ``claimed`` (for good),
        ``void`` (already), ``to be voided`` by a quorum, or ``payable``.
    """
    revocation = planned_revocation(state, plan.organisation, plan.updates, plan.reason, Mode.DROP)
    found = awards_of_revoked(state, revocation, tasks)
    means = Consequence(found["consequence"])
    try:
        fates = _Fates(public())
        rows = [{**row, "fate": fates.of(row["sequence"], row["index"], means)} for row in found["listed"]]
    except (ChainError, EnvironmentMissing):
        rows = [{**row, "fate": UNKNOWN} for row in found["listed"]]
    return {"consequence": means.value, "listed": rows}


class _Fates:
    """The distributor as of its newest block."""

    def __init__(self, public: PublicContracts) -> None:
        self._public, chain = public, public.awards.chain
        self._block = chain.block_number()
        events = tuple(read_awards(chain, public, public.deployment.first_block, self._block))
        self._claimed = {(item.sequence, item.index) for item in events if isinstance(item, AwardClaim)}
        self._published = {item.sequence for item in events if isinstance(item, AwardsPublication)}
        self._voided = {(item.sequence, item.index) for item in events if isinstance(item, AwardVoided)}

    def of(self, sequence: int, index: int, means: Consequence) -> str:
        if (sequence, index) in self._claimed:
            return "claimed"
        if (sequence, index) in self._voided:
            return "void"
        if means is Consequence.VOID or (means is Consequence.VESTED and not self._vested(sequence)):
            return "to be voided"
        return "payable"

    def _vested(self, sequence: int) -> bool:
        """Whether it may be claimed from the next block on."""
        if sequence not in self._published:
            return False
        return self._block + 1 >= self._public.awards.vested_from(sequence, block=self._block)
