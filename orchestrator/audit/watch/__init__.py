"""Watching a consortium from outside: each look is judged by pure rules, and each alert is told once."""

from orchestrator.audit.watch.alerts import KINDS, Alert, Kind, Severity, Source
from orchestrator.audit.watch.exposition import Endpoint
from orchestrator.audit.watch.eyes import Eyes, Watched
from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.loop import Outlets, Watch
from orchestrator.audit.watch.memory import Memory
from orchestrator.audit.watch.observation import Observation
from orchestrator.audit.watch.settle import Event, settle
from orchestrator.audit.watch.state import State
from orchestrator.audit.watch.webhook import Webhook, address_in

__all__ = [
    "KINDS",
    "Alert",
    "Endpoint",
    "Event",
    "Eyes",
    "Kind",
    "Limits",
    "Memory",
    "Observation",
    "Outlets",
    "Severity",
    "Source",
    "State",
    "Watch",
    "Watched",
    "Webhook",
    "address_in",
    "settle",
]
