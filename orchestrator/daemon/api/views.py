"""From the node's state to the answers of the API. Pure but for the clock: nothing here asks a chain."""

from __future__ import annotations

import time

from orchestrator import __version__
from orchestrator.daemon.api import models as m
from orchestrator.daemon.control import Control
from orchestrator.daemon.deadlines import own_act
from orchestrator.daemon.gate import reach_of
from orchestrator.daemon.seams import Alarm, Health
from orchestrator.daemon.sentences import sentence_of
from orchestrator.protocol.state import NodeState


def status(control: Control) -> m.Status:
    """How the daemon is, in one answer."""
    state, health = control.node.state, control.node.health()
    members = state.ledger.members
    return m.Status(
        organisation=state.me,
        version=__version__,
        mode=control.gate.mode.value,
        dry_run=control.gate.dry_run,
        paused=control.book.approvals.paused,
        started=control.started,
        ready=health.ready,
        reasons=list(health.reasons),
        member=state.me in members.seats,
        members=list(members.seats),
        quorum=members.quorum,
        epoch=members.epoch,
        private=_chain(control, health, "private", state.ledger.chain_id),
        public=_chain(control, health, "public", None),
        round=_clock(state),
        checkpoint=cosigners(state),
        prekeys=unused_prekeys(state),
        unopened=len(state.unopened),
        waiting=len(control.node.waiting),
        in_flight=sorted(health.in_flight),
        alarms=[alarm_row(alarm) for alarm in health.alarms],
    )


def alarm_row(alarm: Alarm) -> m.AlarmRow:
    return m.AlarmRow(name=alarm.name, since=alarm.since, text=alarm.text)


def unused_prekeys(state: NodeState) -> int:
    """This member's prekeys that a round can still be sealed to."""
    return sum(prekey.unused for prekey in state.ledger.prekeys.get(state.me, {}).values())


def cosigners(state: NodeState) -> m.Cosigners:
    """The next checkpoint: who has signed it in the present epoch, and how many are missing."""
    members, ledger = state.ledger.members, state.ledger
    pending = ledger.due[state.last_anchored :]
    posted = state.attestations.get(state.last_anchored + 1, {}) if pending else {}
    signed = [name for name, item in posted.items() if name in members.seats and item.epoch == members.epoch]
    return m.Cosigners(
        last_anchored=state.last_anchored,
        due=len(ledger.due),
        waiting_blocks=max(state.private_block - pending[0].block, 0) if pending else 0,
        signed=sorted(signed),
        missing=max(members.quorum - len(signed), 0) if pending else 0,
    )


def pending(control: Control) -> list[m.PendingRow]:
    """What waits for the operator."""
    return [
        m.PendingRow(
            effect=item.effect.id,
            says=sentence_of(item.effect),
            reach=reach_of(item.effect).name.lower(),
            why=item.why,
        )
        for item in control.pending()
    ]


def effects(control: Control, limit: int) -> list[m.EffectState]:
    """What was begun of late, the newest first."""
    return [
        m.EffectState(
            effect=row.id,
            state=row.state,
            attempts=row.attempts,
            code=row.code,
            error=row.error,
            begun=row.begun,
            ended=row.ended,
        )
        for row in control.journal.effects(limit=limit)
    ]


def events(control: Control, after: int, limit: int) -> list[m.EventRow]:
    """The journal's lines after a number, oldest first."""
    found = control.journal.events(after=after, limit=limit)
    return [
        m.EventRow(
            number=item["number"],
            time=item["time"],
            event=item["event"],
            facts={key: value for key, value in item.items() if key not in ("number", "time", "event")},
        )
        for item in found
    ]


def _chain(control: Control, health: Health, side: str, chain_id: int | None) -> m.Chain:
    found, now = health.heads[side], time.time()
    since = control.samples.pending_since.get(side)
    return m.Chain(
        chain_id=chain_id,
        head=found.head,
        followed=found.followed,
        head_age=max(now - found.seen_at, 0.0) if found.seen_at else None,
        pending_age=None if since is None else max(now - since, 0.0),
    )


def _clock(state: NodeState) -> m.RoundClock | None:
    clock = state.clock
    if clock is None:
        return None
    act = own_act(state)
    return m.RoundClock(
        round=clock.round,
        phase=clock.phase,
        deadline=clock.deadline,
        blocks_left=clock.deadline - state.private_block,
        own_act=act.words if act else "",
        pressing=act is not None and act.pressing,
    )
