"""Content-addressed storage: the :class:`ObjectStore` port, its IPFS backend and a fake in memory."""

from orchestrator.storage.cid import check_cid, cid_of
from orchestrator.storage.ipfs import IpfsStore
from orchestrator.storage.memory import MemoryStore
from orchestrator.storage.store import ObjectStore

__all__ = ["IpfsStore", "MemoryStore", "ObjectStore", "check_cid", "cid_of"]
