"""Asks IPFS for objects that must be kept, some at every look, and remembers how that went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.audit.objects import PAYLOAD_LIMIT, Objects
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.observation import Absence, Asked, ObjectsSeen
from orchestrator.audit.watch.wanted import terms, turn, wanted
from orchestrator.errors import ObjectMissing, ProtocolError
from orchestrator.storage.store import DEFAULT_TIMEOUT, ObjectReader
from orchestrator.types import Cid

_KEPT_BYTES = 1 << 16
_KEPT_OBJECTS = 4096


class KeptObjects:
    """A store that gives small objects again from memory, for reading what cannot change: a CID names its bytes.

    Args:
        store: an IPFS node.
    """

    def __init__(self, store: ObjectReader) -> None:
        self.store = store
        self._kept: dict[Cid, bytes] = {}

    @property
    def bytes_received(self) -> int:
        return self.store.bytes_received

    def fetch(self, cid: Cid, *, limit: int, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        if cid not in self._kept:
            data = self.store.fetch(cid, limit=limit, timeout=timeout)
            if len(data) > _KEPT_BYTES or len(self._kept) >= _KEPT_OBJECTS:
                return data
            self._kept[cid] = data
        return self._kept[cid]

    def has(self, cid: Cid) -> bool:
        return self.store.has(cid)

    def identity(self) -> dict[str, Any]:
        return self.store.identity()


class Prober:
    """Asks for the objects whose turn it is, whole, so that what comes is known to be what the CID names.

    What the node itself has from an earlier time it gives again: let its garbage collection run, or it says of what
    everybody else has lost that it is there.
    """

    def __init__(self, store: ObjectReader, limits: Limits) -> None:
        self._objects = Objects(store, timeout=float(limits.object_timeout))
        self._limits = limits

    def look(self, own: Recomputed, asked: Mapping[str, Asked], now: int) -> ObjectsSeen:
        """Ask for some.

        Args:
            asked: how it went before, by CID.

        Raises:
            StorageError: the IPFS node itself is down.
        """
        try:
            named = wanted(own.state, own.specs)
        except ProtocolError:  # a task is missing, which is asked for here
            named = terms(own.state)
        after = {cid: found for cid, found in asked.items() if cid in named}
        for cid in turn(named, asked, self._limits, now):
            after[cid] = self._ask(cid, after.get(cid, Asked(now)), now)
        absent = [Absence(cid, named[cid], found.why, found.misses) for cid, found in after.items() if found.misses]
        return ObjectsSeen(len(named), after, tuple(absent))

    def _ask(self, cid: str, before: Asked, now: int) -> Asked:
        try:
            self._objects.read(cid, limit=PAYLOAD_LIMIT)
        except ObjectMissing as error:
            return Asked(now, before.misses + 1, error.message)
        return Asked(now)
