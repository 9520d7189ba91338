"""Content-addressed storage: ports for reading and for keeping, an IPFS backend and a fake in memory."""

from orchestrator.storage.cid import check_cid, cid_of
from orchestrator.storage.ipfs import IpfsStore
from orchestrator.storage.memory import MemoryStore
from orchestrator.storage.store import ObjectReader, ObjectStore

__all__ = ["IpfsStore", "MemoryStore", "ObjectReader", "ObjectStore", "check_cid", "cid_of"]
