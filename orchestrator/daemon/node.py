"""One organisation's node: listens, decides, acts, once a tick."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN, WORKING
from orchestrator.daemon.catching_up import Missing
from orchestrator.daemon.claims import Claims
from orchestrator.daemon.disk import try_disk
from orchestrator.daemon.executor import Executor, foreseeable
from orchestrator.daemon.following import Following, Machine
from orchestrator.daemon.foreign_requests import ForeignRequests
from orchestrator.daemon.gate import Approvals, Gate
from orchestrator.daemon.health import Health
from orchestrator.daemon.hints import Hints
from orchestrator.daemon.masked_rounds import MaskedRounds
from orchestrator.daemon.overdue import Overdue
from orchestrator.daemon.prekeys import Prekeys
from orchestrator.daemon.recall import recall_own_signatures
from orchestrator.daemon.services import Services
from orchestrator.daemon.surroundings import Surroundings
from orchestrator.errors import ChainError, DiskError, StorageError
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol import events as ev
from orchestrator.protocol.effects import Effect
from orchestrator.protocol.machine import transition
from orchestrator.protocol.state import NodeState

_log = logging.getLogger(__name__)

TICK_SECONDS = 1.0


class Node:
    """Drives the machine with facts and outcomes until it is told to stop.

    Args:
        services: the adapters of this organisation.
        gate: what begins by itself. approvals: gives the operator's words; asked at each tick.
        hints: of new blocks; without any, each tick looks.

    Attributes:
        waiting: what the machine wants and the gate holds.
    """

    def __init__(
        self,
        services: Services,
        *,
        gate: Gate | None = None,
        approvals: Callable[[], Approvals] = Approvals,
        hints: Hints | None = None,
    ) -> None:
        self._services = services
        self._gate, self._approvals, self._hints = gate or Gate(), approvals, hints or Hints()
        self._machine = Machine(NodeState(me=services.me, ledger=LedgerState(), done=services.journal.done()))
        self._following = Following(services, self._machine)
        self._executor = Executor(services)
        self._claims = Claims(services)
        self._prekeys, self._missing, self._foreign = Prekeys(services), Missing(services), ForeignRequests(services)
        self._masked = MaskedRounds(services)
        self._surroundings, self._overdue = Surroundings(services.journal), Overdue(services)
        self._recalled = False
        self.waiting: tuple[Effect, ...] = ()
        self._health = Health()

    @property
    def state(self) -> NodeState:
        """What the machine knows: replaced, never changed, so that other threads may read it."""
        return self._machine.state

    def run(self, stop: threading.Event, *, tick: float = TICK_SECONDS) -> None:
        """Tick until ``stop`` is set; then stop what is computed, and let the rest that is under way end.

        A chain, IPFS or disk that fails is waited for, however long; alarms and :meth:`health` say so.

        Raises:
            ProtocolError: the private chain contradicts itself.
        """
        for effect_id in self._services.journal.interrupted():
            _log.info("%s was cut off by the end of the last process", effect_id)
        self._services.figures.status("listening")
        try:
            while not stop.is_set():
                if self._tried():
                    self._hints.wait(stop, tick, calm=self._calm)
        finally:
            self._executor.close()
            self._machine.tell(self._executor.finished())
            self._services.report_traffic()
            self._services.figures.status("stopped")

    def health(self) -> Health:
        """How the node is, as of its last tick; from any thread."""
        return self._health

    def tick(self) -> bool:
        """Take in what is new, decide, and begin what is wanted.

        Returns:
            False while there is more to read: nothing was decided then.
        """
        self._machine.tell(self._executor.finished())
        self._following.follow(self._claims.forget)
        if not self._following.caught_up:
            return False
        if self._executor.disk is not None:
            try_disk(self._services.home)
            self._executor.disk = None
        if not self._recalled:  # what a restored keystore may have signed binds it before anything is decided
            recall_own_signatures(self._services)
            self._recalled = True
        stopped = any(alarm.name == PRIVATE_CHAIN_REWRITTEN for alarm in self._services.journal.alarms())
        heads = self._claims.compared(self._following.heads(self.state.ledger), self.state.ledger)
        for part in (self._prekeys, self._missing, self._foreign, self._masked):
            heads = part.compared(heads, self.state.ledger)
        self._machine.state, effects = transition(self.state, heads)
        self._machine.tell(self._executor.start(self.state, self._let_through(effects, stopped=stopped)))
        return True

    @property
    def _calm(self) -> bool:
        """Whether nothing but a new block can bring something to do."""
        return self._health.ready and not self._executor.busy and not self.waiting

    def _tried(self) -> bool:
        """One tick, whatever the surroundings do; False if there is more to do at once."""
        try:
            with foreseeable():
                idle = self.tick()
        except (ChainError, StorageError, DiskError) as error:
            self._surroundings.failed(error)
            idle = True
        else:
            self._surroundings.well(self._executor.disk)
        self._health = self._seen(caught_up=idle)
        return idle

    def _let_through(self, effects: Iterable[Effect], *, stopped: bool) -> tuple[Effect, ...]:
        """What begins now. The rest is taken back, so that the machine asks again for what is still wanted then.

        Args:
            stopped: whether nothing may be signed or sent.
        """
        wanted = tuple(effects)
        quiet = tuple(effect for effect in wanted if effect.local or not stopped)
        start, self.waiting = self._gate.passed(quiet, self._approvals())
        begun = {effect.id for effect in start}
        self._machine.tell(ev.EffectHeld(effect.id) for effect in wanted if effect.id not in begun)
        return start

    def _seen(self, *, caught_up: bool) -> Health:
        reasons = self._surroundings.reasons
        if not caught_up:
            reasons = (*reasons, "the daemon is still reading the chains")
        heads = self._following.seen()
        late = self._overdue.alarms(self.state.ledger, heads["private"].followed)
        alarms = (*self._surroundings.alarms(), *late)
        keeping = (alarm.text for alarm in alarms if alarm.name not in WORKING)
        reasons += tuple(text for text in keeping if text not in reasons)
        return Health(
            ready=not reasons,
            reasons=reasons,
            heads=heads,
            in_flight=tuple(sorted(self.state.in_flight)),
            waiting=tuple(effect.id for effect in self.waiting),
            alarms=alarms,
            oldest=self._executor.oldest,
        )
