"""What Prometheus scrapes: gauges of the node as it is at the scrape, counters from the journal. No thread of its own.

Names are stable; deploy/monitoring uses them, and a test compares. What is not known is left out, never 0.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from orchestrator import __version__
from orchestrator.daemon.api.views import cosigners, unused_prekeys
from orchestrator.daemon.control import Control
from orchestrator.daemon.deadlines import own_act
from orchestrator.daemon.tally import STORAGE_CODES, Tally
from orchestrator.protocol.state import NodeState

ETHER = 10**18
Labelled = Mapping[Any, float]
"""Values by a tuple of as many label values as the family has labels."""


class Usage(Protocol):
    """What one account has spent on a chain in this process's life."""

    @property
    def transactions(self) -> int: ...
    @property
    def gas_used(self) -> int: ...


class Traffic(Protocol):
    """Bytes that the IPFS client has moved in this process's life."""

    @property
    def bytes_sent(self) -> int: ...
    @property
    def bytes_received(self) -> int: ...


@dataclass
class Meters:
    """What is measured beside the node's state.

    Attributes:
        usage: by chain; asks nobody.
    """

    home: Path
    store: Traffic | None = None
    usage: Mapping[str, Callable[[], Usage]] = field(default_factory=dict)


class NodeCollector:
    """The node's families. ``describe`` keeps the registry from scraping when it is made."""

    def __init__(self, control: Control, meters: Meters, clock: Callable[[], float] = time.time) -> None:
        self._control, self._meters, self._clock = control, meters, clock
        self._tally = Tally(control.journal)

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        self._tally.update()
        yield from self._daemon()
        yield from self._chains()
        yield from self._work(self._control.node.state)
        yield from self._counters()
        yield from self._machine()

    def _daemon(self) -> Iterator[Metric]:
        control, health = self._control, self._control.node.health()
        told = {"version": __version__, "organisation": control.node.state.me, "mode": control.gate.mode.value}
        yield InfoMetricFamily("loranchor_daemon", "Version, organisation and mode.", value=told)
        yield _gauge("loranchor_ready", "1 if the daemon is ready.", health.ready)
        yield _gauge("loranchor_paused", "1 if the operator has paused it.", control.book.approvals.paused)
        yield _gauge("loranchor_dry_run", "1 if it only says what it would do.", control.gate.dry_run)
        yield _gauge("loranchor_effects_waiting", "Effects that wait for the operator.", len(control.node.waiting))
        yield _gauge("loranchor_effects_in_flight", "Effects under way.", len(health.in_flight))
        alarms = {(alarm.name,): 1.0 for alarm in health.alarms}
        yield _gauges("loranchor_alarm_active", "1 for each alarm that nobody has cleared.", ("alarm",), alarms)

    def _chains(self) -> Iterator[Metric]:
        health, now = self._control.node.health(), self._clock()
        heads = health.heads
        yield _by_chain("loranchor_head_block", "Newest final block.", {n: h.head for n, h in heads.items()})
        yield _by_chain(
            "loranchor_head_lag_seconds",
            "Seconds since the head was last higher than before.",
            {name: max(now - head.seen_at, 0) for name, head in heads.items() if head.seen_at},
        )
        yield _by_chain(
            "loranchor_cursor_lag_blocks",
            "Final blocks whose facts are not taken in.",
            {name: max(head.head - head.followed, 0) for name, head in heads.items()},
        )
        since = self._control.samples.pending_since
        yield _by_chain(
            "loranchor_pending_transaction_age_seconds",
            "Age of the oldest transaction that is not mined; 0 without one.",
            {name: 0 if found is None else max(now - found, 0) for name, found in since.items()},
        )
        balances = {name: wei / ETHER for name, wei in self._control.samples.balances.items()}
        yield _by_chain("loranchor_account_balance_ether", "What the delegate's account holds.", balances)

    def _work(self, state: NodeState) -> Iterator[Metric]:
        checkpoint, clock = cosigners(state), state.clock
        yield _gauge("loranchor_checkpoint_anchored", "Newest anchored checkpoint.", checkpoint.last_anchored)
        yield _gauge("loranchor_checkpoint_due", "Newest checkpoint that is due.", checkpoint.due)
        yield _gauge(
            "loranchor_anchor_waiting_blocks",
            "Private blocks since the oldest checkpoint that is not anchored fell due; 0 without one.",
            checkpoint.waiting_blocks,
        )
        if (anchored := state.anchored.get(state.last_anchored)) is not None:
            age = max(state.private_block - anchored.checkpoint.private_block, 0)
            yield _gauge("loranchor_last_anchor_age_blocks", "Private blocks that no anchor covers.", age)
        yield _gauge("loranchor_missing_cosigners", "Signatures that the next checkpoint lacks.", checkpoint.missing)
        yield _gauge("loranchor_member", "1 if the organisation has a seat.", state.me in state.ledger.members.seats)
        yield _gauge("loranchor_prekeys_unused", "Prekeys that a round can be sealed to.", unused_prekeys(state))
        yield _gauge("loranchor_unopened", "What counts and cannot be opened here yet.", len(state.unopened))
        yield _gauge("loranchor_rounds", "Rounds so far.", len(state.ledger.rounds))
        yield _gauge("loranchor_round_open", "1 while a round is open.", clock is not None)
        if clock is not None:
            left = clock.deadline - state.private_block
            yield _gauge("loranchor_phase_blocks_left", "Private blocks to the phase's deadline.", left)
        if (act := own_act(state)) is not None:
            text = "Private blocks to the deadline, while this member still has to act."
            yield _gauge("loranchor_own_act_blocks_left", text, act.left)
            yield _gauge("loranchor_own_act_pressing", "1 while little time is left for that act.", act.pressing)
        open_requests = sum(not item.shredded for item in state.ledger.revocations.values())
        yield _gauge("loranchor_revocations_unfinished", "Revocations that are not shredded everywhere.", open_requests)

    def _counters(self) -> Iterator[Metric]:
        tally = self._tally
        yield _counters("loranchor_effects_completed", "Effects carried out.", ("effect",), _keyed(tally.ended))
        yield _counters(
            "loranchor_effect_failures", "Failed attempts, by error code.", ("effect", "code"), dict(tally.failures)
        )
        yield _counters(
            "loranchor_pin_failures", "Objects that could not be fetched or pinned.", ("code",),
            {(code,): tally.pins[code] for code in STORAGE_CODES},
        )  # fmt: skip
        yield _counters("loranchor_content_keys_given", "Keys given for catching up.", ("asker",), _keyed(tally.given))
        yield _counters("loranchor_rollbacks", "Reorganisations followed.", ("chain",), _keyed(tally.rollbacks))
        usage = {name: read() for name, read in self._meters.usage.items()}
        sent = {(name,): one.transactions for name, one in usage.items()}
        yield _counters("loranchor_transactions", "Mined transactions of this process.", ("chain",), sent)
        gas = {(name,): one.gas_used for name, one in usage.items()}
        yield _counters("loranchor_gas_used", "Gas of this process's transactions.", ("chain",), gas)
        if self._meters.store is not None:
            moved = {("sent",): self._meters.store.bytes_sent, ("received",): self._meters.store.bytes_received}
            yield _counters("loranchor_storage_bytes", "Bytes to and from the IPFS node.", ("direction",), moved)

    def _machine(self) -> Iterator[Metric]:
        free = shutil.disk_usage(self._meters.home).free
        yield _gauge("loranchor_home_free_bytes", "Room on the disk of the organisation's home.", free)
        age = max(self._clock() - self._control.started, 0)
        yield _gauge("loranchor_uptime_seconds", "Age of this process's service.", age)


def registry_of(control: Control, meters: Meters) -> CollectorRegistry:
    """A registry of its own with the node's families and the process's."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(control, meters))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _gauges(name: str, text: str, labels: tuple[str, ...], values: Labelled) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _by_chain(name: str, text: str, values: Mapping[str, float]) -> Metric:
    return _gauges(name, text, ("chain",), {(chain,): float(value) for chain, value in values.items()})


def _counters(name: str, text: str, labels: tuple[str, ...], values: Labelled) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _keyed(counts: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    return {(key,): float(value) for key, value in counts.items()}
