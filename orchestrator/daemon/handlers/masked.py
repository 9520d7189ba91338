"""Effects of a masked round's ``Submit`` phase, by :mod:`orchestrator.masking.work`.

That computes with numpy, which a daemon loads with its first masked round and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.results import round_key
from orchestrator.daemon.services import Services
from orchestrator.daemon.trainings import LAYOUT
from orchestrator.ledger.entities import LedgerState, Round
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState

if TYPE_CHECKING:
    from types import ModuleType


def prepare(services: Services, state: NodeState, effect: fx.PrepareMasks) -> Job | None:
    """Check the round as before a training, and find out which numbers its updates have."""
    return _carried_out("prepare", services, state, effect)


def announce(services: Services, state: NodeState, effect: fx.AnnounceMask) -> Job | None:
    return _carried_out("announce", services, state, effect)


def deal(services: Services, state: NodeState, effect: fx.DealShares) -> Job | None:
    return _carried_out("deal", services, state, effect)


def check(services: Services, state: NodeState, effect: fx.CheckMasked) -> Job | None:
    return _carried_out("check", services, state, effect)


def send(services: Services, state: NodeState, effect: fx.SendMasked) -> Job | None:
    return _carried_out("send", services, state, effect)


def reveal(services: Services, state: NodeState, effect: fx.RevealShares) -> Job | None:
    return _carried_out("reveal", services, state, effect)


def sum_up(services: Services, state: NodeState, effect: fx.SumMasked) -> Job | None:
    return _carried_out("sum_up", services, state, effect)


def settle(services: Services, ledger: LedgerState, found: Round) -> None:
    """Destroy this member's secrets of an ended round, if it was a masked one that this member had prepared."""
    services.numbers.pop(round_key(found), None)
    if services.results.find(LAYOUT, round_key(found)) is not None:
        _work().settle(services, ledger, found)


def _carried_out(name: str, services: Services, state: NodeState, effect: fx.Effect) -> Job | None:
    job: Job | None = getattr(_work(), name)(services, state, effect)
    return job


def _work() -> ModuleType:
    from orchestrator.masking import work

    return work
