"""Chains, IPFS and disk of a node: what fails now, since when, and the alarms that come of it."""

from __future__ import annotations

import logging
import time

from orchestrator.daemon.alarms import CHAIN_SILENT, DISK_NOT_WRITABLE, STORAGE_SILENT
from orchestrator.daemon.journal import Alarm, Journal
from orchestrator.errors import ChainError, DiskError, LoranchorError, StorageError

_log = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0
"""A chain or IPFS may be silent that long before it is an alarm. A disk that cannot be written is one at once."""

_NAMES: tuple[tuple[type[LoranchorError], str, float], ...] = (
    (DiskError, DISK_NOT_WRITABLE, 0.0),
    (ChainError, CHAIN_SILENT, PATIENCE_SECONDS),
    (StorageError, STORAGE_SILENT, PATIENCE_SECONDS),
)


class Surroundings:
    """What is wrong around the node. All of it passes by itself, but for the alarms that the journal keeps.

    Attributes:
        reasons: why nothing can be decided now, one sentence each.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._since: dict[str, Alarm] = {}
        self._said: set[str] = set()
        self._kept: tuple[Alarm, ...] = ()
        self.reasons: tuple[str, ...] = ()

    def failed(self, error: LoranchorError) -> None:
        """A tick ended early."""
        name = next(name for kind, name, _ in _NAMES if isinstance(error, kind))
        self._since = {name: self._since.get(name, Alarm(name, str(error), time.time()))}
        self.reasons = (str(error),)
        if name not in self._said:
            _log.warning("waiting: %s", error)
            self._said.add(name)

    def well(self, disk: DiskError | None) -> None:
        """A tick came to its end; the disk may have refused something in it."""
        if disk is not None:
            self.failed(disk)
            return
        if self._since:
            _log.info("going on: %s no more", ", ".join(self._since))
        self._since, self.reasons = {}, ()
        self._said.clear()

    def alarms(self) -> tuple[Alarm, ...]:
        """Those that the journal keeps, and what has failed for longer than a node is patient."""
        try:
            self._kept = self._journal.alarms()
        except DiskError as error:  # what was read last still holds
            _log.debug("the journal cannot be read: %s", error)
        patience = {name: seconds for _, name, seconds in _NAMES}
        now = time.time()
        return (*self._kept, *(item for item in self._since.values() if now - item.since >= patience[item.name]))
