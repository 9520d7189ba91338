"""Which updates count: accepted by the members, active once void ones are left out, live while not revoked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orchestrator.errors import ProtocolError
from orchestrator.ledger.entities import LedgerState, Mode, Revocation, Round, RoundStatus, Update
from orchestrator.ledger.records import Position
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, RequestId, UpdateId

Tasks = Mapping[Digest, TaskSpec]
"""Task objects by their digest, which is how rounds name them."""


def in_order(state: LedgerState, updates: Iterable[UpdateId]) -> tuple[UpdateId, ...]:
    """Sorted as in a manifest: by round, organisation and id."""
    return tuple(sorted(updates, key=lambda item: (state.updates[item].round, state.updates[item].organisation, item)))


def accepted_updates(state: LedgerState, round_id: int) -> tuple[UpdateId, ...]:
    """Released and not replaced updates that a quorum of the members at the opening accepts, the owner counted as one.

    This is what the contract counts; see :func:`active_updates` for what reaches the model.
    """
    round_ = state.rounds[round_id]
    return in_order(state, (item for item in round_.submissions if _accepted(state.updates[item], round_)))


def _accepted(update: Update, round_: Round) -> bool:
    return update.released and update.replaced_by is None and update.acceptances >= round_.quorum


def released_updates(state: LedgerState, round_id: int) -> tuple[Update, ...]:
    """What there is to judge in a round: released and not replaced, in order of submission."""
    updates = (state.updates[item] for item in state.rounds[round_id].submissions)
    return tuple(update for update in updates if update.released and update.replaced_by is None)


def void_updates(state: LedgerState, round_id: int) -> frozenset[UpdateId]:
    """Updates of a round whose owners had contributions revoked while it was open."""
    owners = {
        state.updates[item].organisation
        for revocation in state.revocations.values()
        if revocation.void_round == round_id
        for item in revocation.updates
    }
    submissions = state.rounds[round_id].submissions
    return frozenset(item for item in submissions if state.updates[item].organisation in owners)


def active_updates(state: LedgerState, round_id: int) -> tuple[UpdateId, ...]:
    """Accepted updates that are not void, in order. They are final when the round is closed."""
    if (known := state.rounds[round_id].active) is not None:
        return known
    void = void_updates(state, round_id)
    return tuple(item for item in accepted_updates(state, round_id) if item not in void)


def contributing_rounds(state: LedgerState, *, at: Position | None = None) -> tuple[Round, ...]:
    """Closed rounds in which some update became active, in order: only their tasks bear on manifests and checkpoints.

    One member alone can open a round under a task that nobody else can read, and close it. A quorum accepts an update
    only after it has read the task.
    """
    closed = (item for item in state.rounds.values() if closed_by(item, at))
    return tuple(sorted((item for item in closed if active_updates(state, item.id)), key=lambda item: item.id))


def live_contributions(
    state: LedgerState, tasks: Tasks, *, at: Position | None = None, ignoring: RequestId | None = None
) -> tuple[UpdateId, ...]:
    """Active updates of closed rounds that no effective revocation has taken out, in order.

    Args:
        tasks: needed where a revocation of mode ``replay`` takes descendants out, too.
        at: what they were after the event at this position; the latest by default.
        ignoring: a revocation to leave out of account, to see what the model was before it.
    """
    return _Genealogy(state, tasks).live(at, ignoring)


def effective_revocations(state: LedgerState, *, at: Position | None = None) -> tuple[Revocation, ...]:
    """Revocations that have taken effect: at their approval, or at the end of the round that was open then."""
    return tuple(
        item
        for item in state.revocations.values()
        if item.effective is not None and (at is None or item.effective <= at)
    )


def taken_out(state: LedgerState, revocation: Revocation, tasks: Tasks) -> frozenset[UpdateId]:
    """What an effective revocation takes out of the model: its updates, and with ``replay`` their descendants, too."""
    return _Genealogy(state, tasks).taken_out(revocation)


def descendants(
    state: LedgerState, updates: Iterable[UpdateId], tasks: Tasks, *, until: Position | None = None
) -> tuple[UpdateId, ...]:
    """Updates trained on top of any of ``updates``, directly or through others, in order.

    What a round trained from is the manifest that was live when it opened. With lineage ``isolated`` a member trained
    from its own last live contribution alone.

    Args:
        until: only rounds that had ended by then count; by default all, and the unreplaced updates of an open round.
    """
    return _Genealogy(state, tasks).descendants(updates, until)


def parents_of_round(state: LedgerState, round_: Round, tasks: Tasks) -> tuple[UpdateId, ...]:
    """What was live on the base model of a round when it opened, in order."""
    return _Genealogy(state, tasks).parents(round_)


class _Genealogy:
    """What was live when, and what came of it: each needs the other, so what revocations took out is remembered."""

    def __init__(self, state: LedgerState, tasks: Tasks) -> None:
        self._state = state
        self._tasks = tasks
        self._taken: dict[RequestId, frozenset[UpdateId]] = {}

    def live(self, at: Position | None, ignoring: RequestId | None = None) -> tuple[UpdateId, ...]:
        state = self._state
        gone: set[UpdateId] = set()
        for revocation in effective_revocations(state, at=at):
            if revocation.id != ignoring:
                gone.update(self.taken_out(revocation))
        closed = (item for item in state.rounds.values() if closed_by(item, at))
        active = (item for round_ in closed for item in active_updates(state, round_.id))
        return in_order(state, (item for item in active if item not in gone))

    def taken_out(self, revocation: Revocation) -> frozenset[UpdateId]:
        if revocation.id not in self._taken:
            taken = frozenset(revocation.updates)
            if revocation.mode is Mode.REPLAY:
                taken |= frozenset(self.descendants(revocation.updates, revocation.effective))
            self._taken[revocation.id] = taken
        return self._taken[revocation.id]

    def descendants(self, updates: Iterable[UpdateId], until: Position | None) -> tuple[UpdateId, ...]:
        state, origin = self._state, frozenset(updates)
        tainted = set(origin)
        for round_ in sorted(state.rounds.values(), key=lambda item: item.opened):
            candidates = _candidates(state, round_, until)
            if not candidates:
                continue
            parents = self.parents(round_)
            if task_of(round_, self._tasks).lineage == "isolated":
                last = {state.updates[item].organisation: item for item in parents}
                tainted.update(item for item in candidates if last.get(state.updates[item].organisation) in tainted)
            elif not tainted.isdisjoint(parents):
                tainted.update(candidates)
        return in_order(state, tainted - origin)

    def parents(self, round_: Round) -> tuple[UpdateId, ...]:
        base = task_of(round_, self._tasks).base.digest
        return on_base(self._state, self.live(round_.opened), base, self._tasks)


def on_base(state: LedgerState, updates: Iterable[UpdateId], base: Digest, tasks: Tasks) -> tuple[UpdateId, ...]:
    """Those of ``updates`` that are changes of one base model."""
    rounds = ((item, state.rounds[state.updates[item].round]) for item in updates)
    return tuple(item for item, round_ in rounds if task_of(round_, tasks).base.digest == base)


def task_of(round_: Round, tasks: Tasks) -> TaskSpec:
    """The task of a round."""
    task = tasks.get(round_.opening.task_digest)
    if task is None:
        cid = round_.opening.task_cid
        raise ProtocolError(f"the task of round {round_.id} is not at hand", mend=f"fetch {cid} from IPFS")
    return task


def closed_by(round_: Round, at: Position | None) -> bool:
    """Whether a round was closed when the event at that position had happened; now, by default."""
    if round_.status is not RoundStatus.CLOSED or round_.ended is None:
        return False
    return at is None or round_.ended <= at


def _candidates(state: LedgerState, round_: Round, until: Position | None) -> tuple[UpdateId, ...]:
    if closed_by(round_, until):
        return active_updates(state, round_.id)
    if until is None and round_.status is RoundStatus.OPEN:
        void = void_updates(state, round_.id)
        return tuple(
            item for item in round_.submissions if item not in void and state.updates[item].replaced_by is None
        )
    return ()
