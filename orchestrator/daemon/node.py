"""One organisation's node: listens, decides, acts, once a tick."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable

from orchestrator.daemon.claims import Claims
from orchestrator.daemon.executor import Executor
from orchestrator.daemon.listener import Listener
from orchestrator.daemon.manifests import known_tasks
from orchestrator.daemon.prekeys import Prekeys
from orchestrator.daemon.services import Services
from orchestrator.errors import ChainError, StorageError
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.view import awards_of
from orchestrator.protocol import events as ev
from orchestrator.protocol.machine import transition
from orchestrator.protocol.state import NodeState

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
PATIENCE_SECONDS = 60.0


class Node:
    """Drives the machine with facts and outcomes until it is told to stop.

    Args:
        services: the adapters of this organisation.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._listener = Listener(services.private, services.public)
        self._executor = Executor(services)
        self._claims = Claims(services)
        self._prekeys = Prekeys(services)
        self.state = NodeState(me=services.me, ledger=LedgerState())

    def run(self, stop: threading.Event, *, tick: float = TICK_SECONDS) -> None:
        """Tick until ``stop`` is set; then let the effect under way end.

        Raises:
            ChainError, StorageError: a chain or IPFS has not answered for PATIENCE_SECONDS.
            ProtocolError: the private chain contradicts itself.
        """
        silent_since: float | None = None
        self._services.figures.status("listening")
        try:
            while not stop.is_set():
                try:
                    self.tick()
                    silent_since = None
                except (ChainError, StorageError) as error:
                    silent_since = silent_since or time.monotonic()
                    if time.monotonic() - silent_since > PATIENCE_SECONDS:
                        raise
                    _log.warning("waiting: %s", error)
                stop.wait(tick)
        finally:
            self._executor.close()
            self._services.report_traffic()
            self._services.figures.status("stopped")

    def tick(self) -> None:
        """Take in what is new, decide, and begin what is wanted."""
        self._tell(self._executor.finished())
        for fact in self._listener.private_facts(self.state.ledger):
            if isinstance(fact, ev.RecordSeen):
                self._services.history.append(fact.record)
                self._services.journal.write("record", kind=fact.record.kind, block=fact.record.block)
            self._tell([fact])
        self._tell(self._listener.public_facts(self._own_awards))
        heads = self._claims.compared(self._listener.heads(self.state.ledger), self.state.ledger)
        self.state, effects = transition(self.state, self._prekeys.compared(heads, self.state.ledger))
        self._tell(self._executor.start(self.state, effects))

    def _tell(self, events: Iterable[ev.Event]) -> None:
        for event in events:
            self.state, _ = transition(self.state, event)

    def _own_awards(self, sequence: int) -> tuple[int, ...]:
        ledger = self.state.ledger
        if sequence > len(ledger.due):
            raise ChainError(
                f"the public chain has the awards of checkpoint {sequence}, the private one is not that far"
            )
        due = ledger.due[sequence - 1]
        then = self._services.history.state_at(due.block, ledger)
        owners = ledger.updates
        listed = awards_of(then, due, known_tasks(ledger, self._services))
        return tuple(award.index for award in listed if owners[award.update_id].organisation == self._services.me)
