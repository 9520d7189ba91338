"""A fake store in memory, for tests that need no daemon."""

from __future__ import annotations

from typing import Any

from orchestrator.errors import ObjectMissing, StorageError
from orchestrator.storage.cid import check_cid, cid_of
from orchestrator.storage.store import DEFAULT_TIMEOUT
from orchestrator.types import Cid


class MemoryStore:
    """A node that shares objects with the other nodes of ``swarm``.

    Args:
        swarm: the list of connected nodes; this one joins it. Nodes without one are alone.
    """

    def __init__(self, swarm: list[MemoryStore] | None = None) -> None:
        self.objects: dict[Cid, bytes] = {}
        self.pinned: set[Cid] = set()
        self.reachable = True
        self.bytes_sent = 0
        self.bytes_received = 0
        self._swarm = [] if swarm is None else swarm
        self._swarm.append(self)

    def add(self, data: bytes) -> Cid:
        self._require()
        cid = cid_of(data)
        self.objects[cid] = bytes(data)
        self.pinned.add(cid)
        self.bytes_sent += len(data)
        return cid

    def fetch(self, cid: Cid, *, limit: int, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        data = self._find(cid, timeout)
        if len(data) > limit:
            raise StorageError(f"{cid} is larger than the {limit} bytes allowed")
        if cid_of(data) != cid:
            raise StorageError(f"the bytes received for {cid} are not that object")
        self.objects.setdefault(cid, data)
        self.bytes_received += len(data)
        return data

    def pin(self, cid: Cid, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        self.objects.setdefault(cid, self._find(cid, timeout))
        self.pinned.add(cid)

    def unpin(self, cid: Cid) -> None:
        self._require()
        self.pinned.discard(check_cid(cid))

    def collect(self) -> None:
        self._require()
        self.objects = {cid: data for cid, data in self.objects.items() if cid in self.pinned}

    def has(self, cid: Cid) -> bool:
        self._require()
        return check_cid(cid) in self.objects

    def identity(self) -> dict[str, Any]:
        self._require()
        return {"id": f"memory-{self._swarm.index(self)}", "agent": "memory", "addresses": []}

    def _find(self, cid: Cid, timeout: float) -> bytes:
        self._require()
        check_cid(cid)
        for node in (self, *self._swarm):
            if cid in node.objects and (node is self or node.reachable):
                return node.objects[cid]
        raise ObjectMissing(f"no IPFS node answered with {cid} within {timeout:g} s")

    def _require(self) -> None:
        if not self.reachable:
            raise StorageError("cannot reach the store in memory", mend="it was made unreachable by a test")
