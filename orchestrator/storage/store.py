"""The port to content-addressed storage."""

from __future__ import annotations

from typing import Any, Protocol

from orchestrator.types import Cid

DEFAULT_TIMEOUT = 60.0


class ObjectReader(Protocol):
    """One organisation's node in a content-addressed network, for reading only.

    Every method, of a store too, raises :class:`orchestrator.errors.StorageError` when the node cannot be reached,
    refuses, or is given something that is not a CIDv0.
    """

    @property
    def bytes_received(self) -> int:
        """Bytes of objects taken from the node since this store was made."""

    def fetch(self, cid: Cid, *, limit: int, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """The object's bytes, from this node or from any it is connected to; checked against the CID.

        Args:
            limit: most bytes to accept.
            timeout: most seconds to take in all.

        Raises:
            ObjectMissing: nobody answered with it in time.
            StorageError: more than ``limit`` bytes, or not the bytes that the CID names.
        """

    def has(self, cid: Cid) -> bool:
        """Whether the whole object is on this node; asks nobody else."""

    def identity(self) -> dict[str, Any]:
        """The node's ``id``, ``agent`` and ``addresses``."""


class ObjectStore(ObjectReader, Protocol):
    """A node that keeps objects, too. tests/ports/test_object_store.py runs on every backend."""

    @property
    def bytes_sent(self) -> int:
        """Bytes of objects given to the node since this store was made."""

    def add(self, data: bytes) -> Cid:
        """Store and pin ``data`` on this node; the CID is checked against our own computation."""

    def pin(self, cid: Cid, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Keep the object on this node, fetching what is not here yet.

        Raises:
            ObjectMissing: nobody answered with it in time.
        """

    def unpin(self, cid: Cid) -> None:
        """Let :meth:`collect` remove the object; nothing happens if it is not pinned."""

    def collect(self) -> None:
        """Remove everything that is not pinned from this node."""
