"""The verbs of the API. Each answers from memory, in the server's one thread, so none needs a lock of its own."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Security
from fastapi.security import HTTPBearer

from orchestrator.daemon.api import models as m
from orchestrator.daemon.api import records, views
from orchestrator.daemon.api.faults import OWN
from orchestrator.daemon.control import Control, NotFound

Limit = Annotated[int, Query(ge=1, le=200, description="Most rows of the answer.")]
Offset = Annotated[int, Query(ge=0, le=1_000_000_000, description="Rows to leave out.")]
After = Annotated[int, Query(ge=0, le=2**53, description="Number of the last line that is known.")]

BEARER = HTTPBearer(auto_error=False, description="A token of the daemon's home: api/read.token or api/act.token.")
"""For the description only: the guards ask for the token before any route is looked for."""


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """What an operation may answer beside its own, for the description."""
    common = ("Unauthorised", "Invalid", "TooLarge", "WrongHost", "TooManyRequests")
    return {OWN[code][0]: {"model": m.Refusal, "description": OWN[code][1]} for code in (*common, *codes)}


def reading(control: Control) -> APIRouter:
    """What a token to read is enough for."""
    router = APIRouter(
        prefix="/v1",
        tags=["read"],
        dependencies=[Security(BEARER)],
        responses=responses(),
    )

    @router.get("/status")
    async def status() -> m.Status:
        """How the daemon is: ready or why not, heads, round, checkpoint, alarms."""
        return views.status(control)

    @router.get("/pending")
    async def pending() -> list[m.PendingRow]:
        """Effects that wait for the operator, and what holds each."""
        return views.pending(control)

    @router.get("/effects")
    async def effects(limit: Limit = 50) -> list[m.EffectState]:
        """What was begun of late, the newest first."""
        return views.effects(control, limit)

    @router.get("/rounds")
    async def rounds(limit: Limit = 50, offset: Offset = 0) -> list[m.RoundRow]:
        """Rounds, the newest first."""
        return list(islice(records.rounds(control.node.state.ledger), offset, offset + limit))

    @router.get("/rounds/{number}", responses=responses("NotFound"))
    async def one_round(number: int) -> m.RoundRow:
        """One round."""
        ledger = control.node.state.ledger
        if number not in ledger.rounds:
            raise NotFound(f"there is no round {number}", mend="see /v1/rounds")
        return records.round_row(ledger, ledger.rounds[number])

    @router.get("/contributions")
    async def contributions(limit: Limit = 50, offset: Offset = 0) -> list[m.ContributionRow]:
        """Updates and what became of them, the newest round first."""
        state = control.node.state
        return list(islice(records.contributions(state.ledger, state.unopened), offset, offset + limit))

    @router.get("/revocations")
    async def revocations(limit: Limit = 50, offset: Offset = 0) -> list[m.RevocationRow]:
        """Revocations, their step and what they wait for, the newest first."""
        return list(islice(records.revocations(control.node.state.ledger), offset, offset + limit))

    @router.get("/alarms")
    async def alarms() -> list[m.AlarmRow]:
        """Alarms that nobody has cleared."""
        return [views.alarm_row(alarm) for alarm in control.node.health().alarms]

    @router.get("/events")
    async def events(after: After = 0, limit: Limit = 50) -> list[m.EventRow]:
        """The journal, oldest first; ask again with the last number as after."""
        return views.events(control, after, limit)

    return router


def acting(control: Control) -> APIRouter:
    """What needs the token to act. Each may be asked again: it changes nothing more."""
    router = APIRouter(
        prefix="/v1",
        tags=["act"],
        dependencies=[Security(BEARER)],
        responses=responses("Refused") | {503: {"model": m.Refusal, "description": "the disk cannot keep the word"}},
    )
    waits = responses("NotFound") | {409: {"model": m.Refusal, "description": "a dry run begins nothing"}}

    @router.post("/pending/approve", responses=waits)
    async def approve(wanted: m.EffectName) -> m.Done:
        """Let a waiting effect begin at the next tick; it holds for every attempt at it."""
        control.approve(wanted.effect)
        return m.Done()

    @router.post("/pending/deny", responses=responses("NotFound"))
    async def deny(wanted: m.EffectName) -> m.Done:
        """Keep a waiting effect from beginning, until it is approved."""
        control.deny(wanted.effect)
        return m.Done()

    @router.post("/pause")
    async def pause() -> m.Done:
        """Begin nothing new; what is under way ends, and the chains are followed on."""
        control.pause(True)
        return m.Done()

    @router.post("/resume")
    async def resume() -> m.Done:
        """Go on."""
        control.pause(False)
        return m.Done()

    passes = responses("NotFound") | {409: {"model": m.Refusal, "description": "the alarm passes by itself"}}

    @router.post("/alarms/clear", responses=passes)
    async def clear(wanted: m.AlarmName) -> m.Done:
        """Take an alarm back, once its cause is understood."""
        control.clear_alarm(wanted.alarm)
        return m.Done()

    return router
