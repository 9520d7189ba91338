"""What a member wants to do about the open round, and about its prekeys."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.ledger.contributions import released_updates
from orchestrator.ledger.entities import LedgerState, Round, RoundStatus, Update
from orchestrator.protocol import effects as fx
from orchestrator.protocol.rules_catching_up import keys_are_coming
from orchestrator.protocol.rules_masked import masked_rules
from orchestrator.protocol.state import NodeState
from orchestrator.types import OrganisationId

PREKEYS_KEPT = 16
"""Unused prekeys a member keeps on chain, so that rounds opened while it is away or busy are sealed to it, too."""

DOUBLINGS = 12
"""How often the wait between two discardings doubles: up to 4,096 blocks, below ``ledger.keys.QUIET_BLOCKS``."""


def prekey_rules(state: NodeState) -> Iterator[fx.Effect]:
    """Publish prekeys before they run out; take them all back where one of them is not this node's own.

    Whoever undoes that has the delegate's key, too: a thief, or a second daemon of this organisation. So the second
    time waits, and each one after it twice as long; meanwhile nothing is published, only to be taken back again.
    """
    if state.me not in state.ledger.members.seats:
        return
    mine = state.ledger.prekeys.get(state.me, {})
    unused = [prekey for prekey in mine.values() if prekey.unused]
    if any(prekey.digest in state.foreign_prekeys for prekey in unused):
        if _may_discard(state):
            yield fx.DiscardPrekeys(min(prekey.index for prekey in unused), len(unused))
    elif len(unused) < PREKEYS_KEPT:
        yield fx.PublishPrekeys(max(mine, default=-1) + 1, PREKEYS_KEPT - len(unused))


def round_rules(state: NodeState) -> Iterator[fx.Effect]:
    """Act in the open round, phase by phase; settle the keys of ended ones; measure the model after each."""
    if state.clock is not None:
        found = state.ledger.rounds.get(state.clock.round)
        if found is not None and found.status is RoundStatus.OPEN and state.me in found.members:
            yield from _PHASES.get(state.clock.phase, _nothing)(state, found)
    for ended in state.ledger.rounds.values():
        if ended.status is not RoundStatus.OPEN and state.me in ended.members:
            yield fx.SettleKeys(ended.id)
    closed = [found.id for found in state.ledger.rounds.values() if found.status is RoundStatus.CLOSED]
    if closed:
        yield fx.EvaluateManifest(max(closed))


def _may_discard(state: NodeState) -> bool:
    last = state.ledger.discardings.get(state.me)
    if last is None or last.delegate != state.ledger.members.seats[state.me].delegate:
        return True
    return state.private_block >= last.block + (1 << min(last.streak, DOUBLINGS))


def own_update(ledger: LedgerState, found: Round, me: OrganisationId) -> Update | None:
    """This member's standing update of a round."""
    mine = (ledger.updates[update_id] for update_id in found.submissions)
    return next((update for update in mine if update.organisation == me and update.replaced_by is None), None)


def _submit(state: NodeState, found: Round) -> Iterator[fx.Effect]:
    if own_update(state.ledger, found, state.me) is not None or state.me in found.passed:
        return
    if found.id in state.masked:
        yield from masked_rules(state, found)
        return
    train, submit = fx.TrainUpdate(found.id), fx.SubmitUpdate(found.id)
    if state.gave_up(train.id) or state.gave_up(submit.id):
        yield fx.PassRound(found.id)
    elif train.id not in state.done and keys_are_coming(state):
        return  # attempts that cannot succeed would be counted, and the round passed
    elif train.id in state.done:
        yield submit
    else:
        yield train


def _release(state: NodeState, found: Round) -> Iterator[fx.Effect]:
    mine = own_update(state.ledger, found, state.me)
    if mine is not None and not mine.released:
        yield fx.ReleaseUpdate(mine.id)


def _commit(state: NodeState, found: Round) -> Iterator[fx.Effect]:
    if state.me in found.commitments or not released_updates(state.ledger, found.id):
        return  # an empty list of verdicts cannot be revealed, so nobody commits to one
    collect, judge = fx.CollectUpdates(found.id), fx.JudgeUpdates(found.id)
    if judge.id in state.done:
        yield fx.CommitVerdicts(found.id)
    else:
        yield judge if collect.id in state.done else collect


def _reveal(state: NodeState, found: Round) -> Iterator[fx.Effect]:
    if state.me in found.commitments and state.me not in found.revealed:
        yield fx.RevealVerdicts(found.id)


def _close(state: NodeState, found: Round) -> Iterator[fx.Effect]:
    yield fx.CloseRound(found.id)


def _nothing(state: NodeState, found: Round) -> Iterator[fx.Effect]:
    yield from ()


_PHASES = {
    "submit": _submit,
    "release": _release,
    "commit_verdicts": _commit,
    "reveal_verdicts": _reveal,
    "awaiting_close": _close,
}
