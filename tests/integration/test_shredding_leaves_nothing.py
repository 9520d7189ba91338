"""After shredding nobody's machine holds what it takes to read a revoked update: every file is searched for it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from byte_search import WINDOW, found, spellings, windows
from shredding_world import ShreddingWorld, shredding_world
from unit.daemon.consortium import PASSWORD
from unit.ledger.actors import AURORA, CUMULUS, MEMBERS

from orchestrator.daemon.opening import open_contribution, sealed_objects
from orchestrator.errors import ContentKeyDestroyed, ObjectMissing
from orchestrator.keystore import Keystore
from orchestrator.storage.cid import multihash_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

Needles = dict[str, list[bytes]]
HEADER = 8


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShreddingWorld]:
    with shredding_world(tmp_path_factory.mktemp("shredding")) as made:
        made.play(rounds=2)
        yield made


@pytest.fixture(scope="module")
def secrets(world: ShreddingWorld) -> Needles:
    """What must be nowhere: plaintext, keys and salts of what cumulus has contributed."""
    revoked = world.of(CUMULUS)
    assert len(revoked) == 2
    others = [world.plaintext(item) for item in world.history.state.updates if item not in revoked]
    needles: Needles = {}
    keystore = world.keystores[AURORA]
    for number, update in enumerate(revoked, start=1):
        data = world.plaintext(update)
        tensors = HEADER + int.from_bytes(data[:HEADER], "little")
        pieces = windows(data, start=tensors, unlike=others)
        assert len(pieces) > 20
        needles[f"plaintext {number}"] = pieces
        needles[f"content key {number}"] = list(spellings(keystore.content_key(update)))
        needles[f"content salt {number}"] = list(spellings(keystore.content_salt(update)))
    return needles


@pytest.fixture(scope="module")
def sealed(world: ShreddingWorld) -> Needles:
    """Ciphertexts, and content keys as they were wrapped for members: in nobody's IPFS repository any more.

    The rest of a header is digests, which records tell for ever.
    """
    needles: Needles = {}
    for number, item in enumerate(world.of(CUMULUS), start=1):
        header, payload = sealed_objects(world.sync(AURORA), world.history.state.updates[item])
        wrapped = [row["wrapped"].encode() for row in json.loads(header)["recipients"]]
        assert len(wrapped) == len(MEMBERS)
        needles[f"payload {number}"] = windows(payload, start=WINDOW)
        needles[f"wrapped keys {number}"] = [piece for text in wrapped for piece in windows(text, count=20)]
    return needles


@pytest.fixture(scope="module")
def before(world: ShreddingWorld, secrets: Needles, sealed: Needles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of all homes as they were before the request."""
    copy = tmp_path_factory.mktemp("before")
    for name in MEMBERS:
        shutil.copytree(world.home / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def shredded(world: ShreddingWorld, before: Path) -> ShreddingWorld:
    request = world.history.request(CUMULUS, world.of(CUMULUS))
    world.until(lambda: world.history.state.revocations[request].shredded)
    world.settle()
    return world


def test_before_it_everybody_holds_the_objects_and_nothing_lies_in_plain(
    world: ShreddingWorld, secrets: Needles, sealed: Needles, before: Path
) -> None:
    assert found(secrets, world.folder, before) == []
    for name in MEMBERS:
        assert len(found(sealed, world.folder / "ipfs" / name)) >= len(sealed)


def test_nothing_is_left_on_any_disk(shredded: ShreddingWorld, secrets: Needles, sealed: Needles) -> None:
    """Homes with journals, databases, their free pages and logs, IPFS repositories, temporary files, logs."""
    places = {path.name for path in shredded.folder.iterdir()}
    assert {"homes", "ipfs", "logs", "tmp"} <= places
    assert found(secrets | sealed, shredded.folder) == []


def test_the_objects_are_gone_block_by_block(shredded: ShreddingWorld) -> None:
    updates = shredded.of(CUMULUS)
    kept = shredded.objects([item for item in shredded.history.state.updates if item not in updates])
    for name in MEMBERS:
        local = {multihash_of(block) for block in shredded.blocks(name)}
        assert not local & {multihash_of(cid) for cid in shredded.objects(updates)}
        assert {multihash_of(cid) for cid in kept} <= local
        with pytest.raises(ObjectMissing):
            shredded.stores[name].fetch(shredded.objects(updates)[0], limit=1 << 30, timeout=2)


def test_no_key_opens_it_not_even_with_the_folder_as_it_was(shredded: ShreddingWorld, before: Path) -> None:
    """Who puts the databases back from before the shredding has the entries, and not what they are encrypted under."""
    state = shredded.history.state
    for name in MEMBERS:
        for update in shredded.of(CUMULUS):
            with pytest.raises(ContentKeyDestroyed):
                open_contribution(shredded.sync(name), state.updates[update])
        newest = shredded.home / name / "keystore" / "kek.json"
        shutil.copy2(newest, before / name / "keystore" / "kek.json")
        with Keystore.open(before / name, PASSWORD) as old, pytest.raises(ContentKeyDestroyed):
            old.content_key(shredded.of(CUMULUS)[0])


def test_what_others_contributed_still_opens(shredded: ShreddingWorld) -> None:
    for name in MEMBERS:
        for update in shredded.of(AURORA):
            assert open_contribution(shredded.sync(name), shredded.history.state.updates[update])


def test_no_checkpoint_of_a_training_is_left(shredded: ShreddingWorld) -> None:
    for name in MEMBERS:
        assert list((shredded.home / name / "training").glob("*")) == []


def test_the_search_finds_what_lies_about(shredded: ShreddingWorld, secrets: Needles, tmp_path: Path) -> None:
    """In a log, in a checkpoint, and in the free pages of a database whose row was deleted."""
    (tmp_path / "daemon.log").write_bytes(b"the key is " + secrets["content key 1"][2])
    (tmp_path / "1.safetensors").write_bytes(b"\0" * 4001 + secrets["plaintext 1"][3])
    with closing(sqlite3.connect(tmp_path / "some.sqlite", isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete=OFF")
        database.execute("CREATE TABLE rows (value BLOB)")
        database.execute("INSERT INTO rows VALUES (?)", (secrets["content salt 2"][0],))
        database.execute("DELETE FROM rows")
    hits = [hit.replace(str(tmp_path), "") for hit in found(secrets, tmp_path)]
    assert hits == [
        "plaintext 1 in /1.safetensors", "content key 1 in /daemon.log", "content salt 2 in /some.sqlite",
    ]  # fmt: skip
