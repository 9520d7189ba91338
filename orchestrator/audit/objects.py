"""Objects on IPFS as an audit reads them: by CID, bounded, and no absence waited for twice."""

from __future__ import annotations

from orchestrator.errors import ObjectMissing, StorageError
from orchestrator.storage.store import ObjectReader
from orchestrator.types import Cid

OBJECT_LIMIT = 1 << 22
"""Most bytes of a task, agreement, header, certificate or receipt."""
PAYLOAD_LIMIT = 1 << 32
"""Most bytes of a sealed update."""
TIMEOUT = 30.0
_KEPT = 1 << 16


class Objects:
    """Reads objects from one IPFS node. Small ones are kept.

    Args:
        timeout: seconds to wait for an object that should be there.
    """

    def __init__(self, store: ObjectReader, *, timeout: float = TIMEOUT) -> None:
        self._store = store
        self._before = store.bytes_received
        self._timeout = timeout
        self._kept: dict[str, bytes] = {}
        self._absent: dict[str, str] = {}
        self.fetched = 0

    @property
    def bytes_received(self) -> int:
        """Bytes of objects that came from the node for this audit."""
        return self._store.bytes_received - self._before

    def read(self, cid: str, *, limit: int = OBJECT_LIMIT) -> bytes:
        """The object's bytes.

        Raises:
            ObjectMissing: nobody has it, it is larger than ``limit``, or what came is not what the CID names.
            StorageError: the node cannot be reached.
        """
        if cid in self._absent:
            raise ObjectMissing(self._absent[cid])
        if cid not in self._kept:
            data = self._fetch(cid, limit)
            if len(data) > _KEPT:
                return data
            self._kept[cid] = data
        return self._kept[cid]

    def here(self, cid: str) -> bool:
        """Whether the whole object lies on the node itself; nobody else is asked."""
        try:
            return self._store.has(Cid(cid))
        except StorageError as error:
            self._absence(cid, error)
            return False

    def _fetch(self, cid: str, limit: int) -> bytes:
        try:
            data = self._store.fetch(Cid(cid), limit=limit, timeout=self._timeout)
        except ObjectMissing as error:
            self._absent[cid] = error.message
            raise
        except StorageError as error:
            raise ObjectMissing(self._absence(cid, error)) from error
        self.fetched += 1
        return data

    def _absence(self, cid: str, error: StorageError) -> str:
        """What is wrong with one object, when the node itself answers; else the error goes on."""
        self._store.identity()
        self._absent[cid] = error.message
        return error.message
