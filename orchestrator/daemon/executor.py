"""Carries out effects: the quick ones at once, the heavy ones one after the other in a thread of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from orchestrator.daemon.handlers import HANDLERS, Job
from orchestrator.daemon.services import Services
from orchestrator.errors import ChainError, LoranchorError, StorageError
from orchestrator.protocol.effects import Effect
from orchestrator.protocol.events import EffectCompleted, EffectFailed
from orchestrator.protocol.state import NodeState

_log = logging.getLogger(__name__)

Outcome = EffectCompleted | EffectFailed


class Executor:
    """Runs effects and tells how they ended. Foreseeable errors become outcomes; any other ends the daemon."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lane = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heavy")
        self._running: dict[str, Future[None]] = {}

    @property
    def busy(self) -> bool:
        """Whether a heavy effect is under way."""
        return bool(self._running)

    def start(self, state: NodeState, effects: Iterable[Effect]) -> list[Outcome]:
        """Begin all of them; what ended already is told."""
        outcomes: list[Outcome] = []
        for effect in effects:
            self._services.journal.write("effect-started", effect=effect.id)
            outcome = self._attempt(effect, lambda effect=effect: self._begin(state, effect))  # type: ignore[misc]
            if outcome is not None:
                outcomes.append(outcome)
        return outcomes

    def finished(self) -> list[Outcome]:
        """Heavy effects that have ended since the last call."""
        ended = [effect_id for effect_id, future in self._running.items() if future.done()]
        return [self._outcome(effect_id, self._running.pop(effect_id).result) for effect_id in ended]

    def close(self) -> None:
        """Let the heavy effect under way end, start no other."""
        self._lane.shutdown(wait=True, cancel_futures=True)

    def _begin(self, state: NodeState, effect: Effect) -> bool:
        handler = HANDLERS[type(effect)]
        job: Job | None = handler(self._services, state, effect)
        if job is None:
            return True
        self._running[effect.id] = self._lane.submit(job)
        return False

    def _attempt(self, effect: Effect, begin: Callable[[], bool]) -> Outcome | None:
        try:
            ended = begin()
        except LoranchorError as error:
            return self._failure(effect.id, error)
        return self._success(effect.id) if ended else None

    def _outcome(self, effect_id: str, result: Callable[[], None]) -> Outcome:
        try:
            result()
        except LoranchorError as error:
            return self._failure(effect_id, error)
        return self._success(effect_id)

    def _success(self, effect_id: str) -> EffectCompleted:
        self._services.journal.write("effect-completed", effect=effect_id)
        return EffectCompleted(effect_id)

    def _failure(self, effect_id: str, error: LoranchorError) -> EffectFailed:
        retryable = isinstance(error, (ChainError, StorageError))
        self._services.journal.write("effect-failed", effect=effect_id, code=error.code, error=str(error))
        # another member may have been first with what one of them had to do: then nobody asks for it again
        _log.log(logging.INFO if retryable else logging.WARNING, "%s failed: %s", effect_id, error)
        return EffectFailed(effect_id, retryable)
