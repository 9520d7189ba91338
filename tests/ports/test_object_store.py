"""What every object store does, on the fake and on real IPFS nodes."""

from __future__ import annotations

import os
import threading
import time

import pytest

from orchestrator.errors import ObjectMissing, StorageError
from orchestrator.storage import IpfsStore, MemoryStore, ObjectStore, cid_of
from orchestrator.storage.cid import CHUNK_SIZE, MAX_LINKS
from orchestrator.types import Cid

Pair = tuple[ObjectStore, ObjectStore]


@pytest.fixture(params=["memory", "ipfs"])
def pair(request: pytest.FixtureRequest) -> Pair:
    """Two organisations' stores, connected."""
    if request.param == "memory":
        swarm: list[MemoryStore] = []
        return MemoryStore(swarm), MemoryStore(swarm)
    aurora, borealis = request.getfixturevalue("ipfs_nodes")
    return IpfsStore(aurora.api_url), IpfsStore(borealis.api_multiaddr)


@pytest.fixture
def store(pair: Pair) -> ObjectStore:
    return pair[0]


SIZES = [0, 1, 12, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE, 1_234_567]
DEEP = [MAX_LINKS * CHUNK_SIZE, MAX_LINKS * CHUNK_SIZE + 1]


@pytest.mark.parametrize("size", SIZES + DEEP)
def test_what_was_added_comes_back_under_the_computed_cid(store: ObjectStore, size: int) -> None:
    data = os.urandom(size)
    cid = store.add(data)
    assert cid == cid_of(data)
    assert store.fetch(cid, limit=size) == data


def test_adding_twice_is_adding_once(store: ObjectStore) -> None:
    data = os.urandom(100)
    assert store.add(data) == store.add(data)
    assert store.has(cid_of(data))


@pytest.mark.parametrize("size", [100, 3 * CHUNK_SIZE])
def test_an_object_is_fetched_from_another_node(pair: Pair, size: int) -> None:
    own, other = pair
    data = os.urandom(size)
    cid = other.add(data)
    assert not own.has(cid)
    assert own.fetch(cid, limit=size, timeout=30) == data
    assert own.has(cid)


def test_bytes_are_counted(pair: Pair) -> None:
    own, other = pair
    data = os.urandom(5000)
    assert (own.bytes_sent, own.bytes_received) == (0, 0)
    cid = own.add(data)
    other.fetch(cid, limit=5000)
    other.fetch(cid, limit=5000)
    assert (own.bytes_sent, own.bytes_received) == (5000, 0)
    assert (other.bytes_sent, other.bytes_received) == (0, 10_000)


@pytest.mark.parametrize("size", [2, 2 * CHUNK_SIZE])
def test_an_object_over_the_limit_is_refused(store: ObjectStore, size: int) -> None:
    cid = store.add(os.urandom(size))
    with pytest.raises(StorageError, match=f"{cid} is larger than the {size - 1} bytes allowed"):
        store.fetch(cid, limit=size - 1)
    assert store.bytes_received == 0
    assert len(store.fetch(cid, limit=size)) == size


def test_a_missing_object_is_said_to_be_missing_in_time(store: ObjectStore) -> None:
    cid = cid_of(os.urandom(40))
    started = time.monotonic()
    with pytest.raises(ObjectMissing, match=f"no IPFS node answered with {cid} within 1 s"):
        store.fetch(cid, limit=100, timeout=1)
    with pytest.raises(ObjectMissing, match=str(cid)):
        store.pin(cid, timeout=1)
    assert not store.has(cid)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("size", [60, 3 * CHUNK_SIZE])
def test_only_what_is_pinned_outlives_a_collection(pair: Pair, size: int) -> None:
    own, other = pair
    kept, dropped, cached = (os.urandom(size) for _ in range(3))
    own.add(kept)
    own.add(dropped)
    other.add(cached)
    own.fetch(cid_of(cached), limit=size)
    own.unpin(cid_of(dropped))
    assert own.has(cid_of(dropped))
    own.collect()
    assert own.has(cid_of(kept))
    assert not own.has(cid_of(dropped))
    assert not own.has(cid_of(cached))
    assert own.fetch(cid_of(kept), limit=size) == kept


def test_a_pin_keeps_another_nodes_object(pair: Pair) -> None:
    own, other = pair
    data = os.urandom(3 * CHUNK_SIZE)
    cid = other.add(data)
    own.pin(cid, timeout=30)
    own.pin(cid, timeout=30)
    own.collect()
    assert own.has(cid)
    other.unpin(cid)
    other.collect()
    assert not other.has(cid)
    assert other.fetch(cid, limit=len(data), timeout=30) == data


def test_gone_everywhere_is_gone(pair: Pair) -> None:
    own, other = pair
    cid = own.add(os.urandom(70))
    other.pin(cid)
    for node in pair:
        node.unpin(cid)
        node.collect()
    with pytest.raises(ObjectMissing):
        own.fetch(cid, limit=100, timeout=1)


def test_unpinning_what_is_not_pinned_does_nothing(store: ObjectStore) -> None:
    store.unpin(cid_of(os.urandom(30)))
    cid = store.add(os.urandom(30))
    store.unpin(cid)
    store.unpin(cid)


def test_removing_an_object_keeps_what_shares_a_piece_with_it(store: ObjectStore) -> None:
    head = os.urandom(CHUNK_SIZE)
    first, second = head + b"first", head + b"second"
    store.add(first)
    store.add(second)
    store.unpin(cid_of(first))
    store.collect()
    assert not store.has(cid_of(first))
    assert store.fetch(cid_of(second), limit=len(second)) == second


@pytest.mark.parametrize("wrong", ["", "Qm", "hello", "../../etc/passwd", "Qm" + "1" * 44])
@pytest.mark.parametrize("call", ["fetch", "pin", "unpin", "has"])
def test_a_malformed_cid_is_refused(store: ObjectStore, call: str, wrong: str) -> None:
    given = {"limit": 1} if call == "fetch" else {}
    with pytest.raises(StorageError, match="not a CID"):
        getattr(store, call)(Cid(wrong), **given)


def test_a_node_says_who_it_is(pair: Pair) -> None:
    own, other = pair[0].identity(), pair[1].identity()
    assert set(own) == {"id", "agent", "addresses"}
    assert own["id"] != other["id"]


def test_several_threads_may_use_one_store(store: ObjectStore) -> None:
    objects = [os.urandom(50_000) for _ in range(8)]
    found: list[bytes] = []

    def work(data: bytes) -> None:
        found.append(store.fetch(store.add(data), limit=len(data)))

    threads = [threading.Thread(target=work, args=(data,)) for data in objects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(objects)
    assert store.bytes_sent == store.bytes_received == 8 * 50_000
