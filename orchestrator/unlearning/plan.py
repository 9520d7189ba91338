"""What a revocation would do in each mode, told before anybody asks for it: a pure function of the records.

The request is put into a copy of the state as if it were in effect now, and the ledger's own rules tell the rest. While
a round is open it takes effect later, and what that round brings counts, too: the plan says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.errors import ProtocolError
from orchestrator.ledger.contributions import Tasks, descendants, live_contributions
from orchestrator.ledger.entities import LedgerState, Mode, Revocation
from orchestrator.ledger.manifest import build_manifest, governing_task
from orchestrator.ledger.replays import Needed, to_train_again
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId, RequestId, UpdateId
from orchestrator.unlearning.modes import mode as mode_named
from orchestrator.unlearning.policy import Policy

PLANNED = RequestId(Digest("0x" + "ff" * 32))
"""Stands for the request that is not made yet."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What this home has measured of one round, as medians; None where it has measured none.

    Attributes:
        round_seconds: fetching, judging, training and evaluating. evaluation_seconds: of one model.
        update_bytes: of an own sealed update, header and all.
    """

    round_seconds: float | None = None
    evaluation_seconds: float | None = None
    update_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ModePlan:
    """One mode.

    Attributes:
        leaves: contributions that leave the manifest, in order. returns: what comes back in place of what superseded it
            (lineage ``isolated``). stays: descendants that stay.
        again: of each round to be trained again, whose contributions left with it.
        hardening: whether noise joins the manifest. manifest: digest afterwards.
        seconds: of this organisation's work, or None. received: bytes that it fetches, or None. sent: that it stores.
        private, public: least and most transactions on each chain, of all members together.
        limits: what the certificate cannot say.
    """

    mode: Mode
    leaves: tuple[UpdateId, ...]
    returns: tuple[UpdateId, ...]
    stays: tuple[UpdateId, ...]
    again: Needed
    hardening: bool
    manifest: Digest
    seconds: float | None
    sent: int | None
    received: int | None
    private: tuple[int, int]
    public: tuple[int, int]
    limits: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All modes, and the one that the policy chooses.

    Attributes:
        supports: members that must support the request besides who asks; 0 for own contributions.
        open_round: the round after whose end it takes effect; None where it does at once.
    """

    updates: tuple[UpdateId, ...]
    organisation: OrganisationId
    reason: str
    supports: int
    open_round: int | None
    modes: Mapping[Mode, ModePlan]
    chosen: Mode


def plan_of(
    state: LedgerState,
    tasks: Tasks,
    me: OrganisationId,
    updates: Sequence[UpdateId],
    reason: str,
    *,
    spent: Spent | None = None,
    policy: Policy | None = None,
) -> Plan:
    """Plans the revocation of live contributions.

    Args:
        me: who would ask. tasks: those of all rounds that contributed.
        spent: what was measured here; nothing by default. policy: ``drop`` by default.

    Raises:
        ProtocolError: no round was opened yet, or a task is not at hand.
    """
    task = governing_task(state, tasks)
    if task is None:
        raise ProtocolError("there is nothing to plan before the first round", mend="open a round first")
    own = all(state.updates[item].organisation == me for item in updates)
    supports = 0 if own else max(state.members.quorum - 1, 0)
    planner = _Planner(state, tasks, task, me, tuple(updates), reason, supports, spent or Spent())
    modes = {mode: planner.of(mode) for mode in Mode}
    replayed = modes[Mode.REPLAY]
    chosen = (policy or Policy()).choose(
        descendants=len(modes[Mode.DROP].stays),
        rounds=len(replayed.again),
        seconds=replayed.seconds,
        hardening=modes[Mode.HEAL].hardening,
    )
    return Plan(tuple(updates), me, reason, supports, state.open_round, modes, chosen)


def planned_revocation(
    state: LedgerState, me: OrganisationId, updates: Sequence[UpdateId], reason: str, mode: Mode
) -> Revocation:
    """The request as if it were in effect since the last record."""
    position = state.position
    if position is None:
        raise ProtocolError("there are no records yet", mend="open a round first")
    return Revocation(
        PLANNED, me, reason, mode, False, tuple(updates), ZERO_DIGEST, position, approved=position, effective=position
    )


@dataclass(frozen=True, slots=True)
class _Planner:
    state: LedgerState
    tasks: Tasks
    task: TaskSpec
    me: OrganisationId
    updates: tuple[UpdateId, ...]
    reason: str
    supports: int
    spent: Spent

    def of(self, mode: Mode) -> ModePlan:
        revocation = planned_revocation(self.state, self.me, self.updates, self.reason, mode)
        after_state = self.state.with_(revocations={**self.state.revocations, PLANNED: revocation})
        before = build_manifest(self.state, self.task, self.tasks)
        after = build_manifest(after_state, self.task, self.tasks)
        live = set(live_contributions(after_state, self.tasks))
        followers = descendants(self.state, self.updates, self.tasks, until=revocation.effective)
        again = to_train_again(after_state, revocation, self.tasks)
        private, public = self._transactions(len(again))
        return ModePlan(
            mode=mode,
            leaves=tuple(item for item in live_contributions(self.state, self.tasks) if item not in live),
            returns=tuple(item for item in after.updates if item not in before.updates),
            stays=tuple(item for item in followers if item in live),
            again=again,
            hardening=len(after.hardenings) > len(before.hardenings),
            manifest=after.digest,
            seconds=self._seconds(again),
            sent=self._bytes(again)[0],
            received=self._bytes(again)[1],
            private=private,
            public=public,
            limits=mode_named(mode).limits,
        )

    def _seconds(self, again: Needed) -> float | None:
        """Two evaluations for the figures, and the rounds that this organisation trains and judges again."""
        spent = self.spent
        if spent.evaluation_seconds is None or (again and spent.round_seconds is None):
            return None
        return 2 * spent.evaluation_seconds + len(again) * (spent.round_seconds or 0.0)

    def _bytes(self, again: Needed) -> tuple[int | None, int | None]:
        """What is stored and what is fetched: an update of each member that takes part in a round."""
        one = self.spent.update_bytes
        if not again:
            return 0, 0
        if one is None:
            return None, None
        sent = sum(self.me in members for members in again) * one
        return sent, sum(len(set(members) - {self.me}) for members in again) * one

    def _transactions(self, rounds: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Of all members. A round: opening, closing, and of each member submitting, releasing, committing, revealing.
        A checkpoint of each: attestations on the private chain, on the public one its relay, awards and their claims.
        """
        members, quorum = len(self.state.members.seats), self.state.members.quorum
        revocation = 3 + self.supports + 2 * members  # request, affected, replacement; figures, receipts
        endorsed, round_ = (quorum, members), 2 + 4 * members
        least, most = (revocation + count + rounds * round_ + (1 + rounds) * count for count in endorsed)
        return (least, most), (1 + rounds, 1 + rounds * (2 + members))
