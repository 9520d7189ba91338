"""Prekeys and content keys: kept, destroyed, and never coming back."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from pathlib import Path

import pytest

from orchestrator.daemon.disk import disk_fault
from orchestrator.envelope import Commitments, Context, open_payload, prekey_digest, seal, unwrap
from orchestrator.errors import ContentKeyDestroyed, KeystoreError
from orchestrator.keystore import Keystore
from orchestrator.types import ZERO_DIGEST, Address, Digest, OrganisationId, UpdateId, protected
from tests.unit.keystore.support import FAST, PASSWORD

UPDATES = [UpdateId(f"0x{index:064x}") for index in range(4)]
STEPS = ["staged", "rewrapped", "retired", "promoted", "destroyed"]


def fill(keystore: Keystore) -> dict[UpdateId, bytes]:
    keys = {update: os.urandom(32) for update in UPDATES}
    for update, key in keys.items():
        keystore.store_content(update, key, key[::-1])
    return keys


def test_a_prekey_opens_what_was_sealed_to_it_until_destroyed(home: Path, keystore: Keystore) -> None:
    publics = keystore.make_prekeys(3)
    digest = prekey_digest(publics[0])
    assert set(keystore.prekeys()) == {prekey_digest(public) for public in publics}
    aurora = OrganisationId("aurora")
    context = Context(1337, Address("0x" + "ab" * 20), 1, aurora)
    delta = protected(b"delta", policy="none", samples=1, epsilon=0, parent_manifest=ZERO_DIGEST)
    sealed, secret = seal(delta, context, {aurora: publics[0]})
    given = {"context": context, "commitments": Commitments.of(sealed)}
    with Keystore.open(home, PASSWORD) as again:
        key = unwrap(sealed.header, aurora, again.prekey_private(digest), **given)  # type: ignore[arg-type]
        assert key == secret.content_key
        assert open_payload(sealed.header, sealed.payload, key, **given).delta == b"delta"  # type: ignore[arg-type]
    keystore.destroy_prekey(digest)
    with pytest.raises(KeystoreError, match="destroyed on purpose"):
        keystore.prekey_private(digest)
    assert len(keystore.prekeys()) == 2
    keystore.destroy_prekey(digest)


def test_a_prekey_that_was_made_here_is_known_ever_after(home: Path, keystore: Keystore) -> None:
    """Destroyed ones too; others not, even where somebody had them destroyed."""
    kept, destroyed = (prekey_digest(public) for public in keystore.make_prekeys(2))
    foreign, unseen = (Digest("0x" + digit * 64) for digit in "12")
    keystore.destroy_prekeys([destroyed, foreign])
    for reader in (keystore, Keystore.open(home, PASSWORD)):
        known = {item: reader.had_prekey(item) for item in (kept, destroyed, foreign, unseen)}
        assert known == {kept: True, destroyed: True, foreign: False, unseen: False}


def test_a_full_disk_is_told_from_a_damaged_keystore(keystore: Keystore) -> None:
    """SQLite has taken the transaction back by itself then; what it met must not be hidden behind that."""
    fill(keystore)
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(KeystoreError) as refused:
            keystore.make_prekeys(1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert disk_fault(refused.value) is not None
    assert len(keystore.make_prekeys(1)) == 1 and set(keystore.contents()) == set(UPDATES)


def test_unknown_entries_are_named(keystore: Keystore) -> None:
    with pytest.raises(KeystoreError, match="no prekey of 0x00"):
        keystore.prekey_private(ZERO_DIGEST)
    with pytest.raises(KeystoreError, match="no content key of 0x00") as caught:
        keystore.content_key(UPDATES[0])
    assert not isinstance(caught.value, ContentKeyDestroyed)


def test_content_is_kept_as_it_was_stored(home: Path, keystore: Keystore) -> None:
    keys = fill(keystore)
    with Keystore.open(home, PASSWORD) as again:
        assert again.contents() == tuple(UPDATES)
        for update, key in keys.items():
            assert (again.content_key(update), again.content_salt(update)) == (key, key[::-1])
    keystore.store_content(UPDATES[0], b"n" * 32, b"s" * 32)
    assert keystore.content_key(UPDATES[0]) == b"n" * 32
    with pytest.raises(KeystoreError, match="32 bytes each"):
        keystore.store_content(UPDATES[0], b"", b"")


def test_shredding_takes_some_and_keeps_the_others(home: Path, keystore: Keystore) -> None:
    keys = fill(keystore)
    unknown = UpdateId("0x" + "ee" * 32)
    before = (home / "keystore" / "kek.json").read_bytes()
    assert keystore.shred([UPDATES[0], UPDATES[1], unknown, UPDATES[0]]) == 2
    assert (home / "keystore" / "kek.json").read_bytes() != before
    with Keystore.open(home, PASSWORD) as again:
        for store in (keystore, again):
            for gone in (UPDATES[0], UPDATES[1], unknown):
                with pytest.raises(ContentKeyDestroyed, match="destroyed on purpose"):
                    store.content_key(gone)
                with pytest.raises(ContentKeyDestroyed):
                    store.content_salt(gone)
            assert store.content_key(UPDATES[2]) == keys[UPDATES[2]]
        assert again.shred([UPDATES[0], UPDATES[1], unknown]) == 2  # as a receipt written again after a crash
        with pytest.raises(ContentKeyDestroyed, match="not taken back"):
            again.store_content(UPDATES[0], bytes(32), bytes(32))


def test_another_process_sees_a_shredding_at_once(home: Path, keystore: Keystore) -> None:
    keys = fill(keystore)
    with Keystore.open(home, PASSWORD) as other:
        keystore.shred([UPDATES[0]])
        assert other.content_key(UPDATES[3]) == keys[UPDATES[3]]
        other.shred([UPDATES[1]])
        other.make_prekeys(1)
    assert keystore.content_key(UPDATES[3]) == keys[UPDATES[3]]
    assert len(keystore.prekeys()) == 1
    with pytest.raises(ContentKeyDestroyed):
        keystore.content_key(UPDATES[1])


def put_back(copy: Path, home: Path, *, without: str = "kek.json") -> None:
    for path in copy.iterdir():
        if path.name != without:
            shutil.copy2(path, home / "keystore" / path.name)


@pytest.mark.parametrize("destruction", ["shred", "prekey"])
def test_a_folder_from_before_opens_nothing_that_was_destroyed(
    home: Path, keystore: Keystore, tmp_path: Path, destruction: str
) -> None:
    fill(keystore)
    digest = prekey_digest(keystore.make_prekeys(1)[0])
    shutil.copytree(home / "keystore", tmp_path / "copy")
    if destruction == "shred":
        keystore.shred([UPDATES[0]])
    else:
        keystore.destroy_prekey(digest)
    keystore.close()
    put_back(tmp_path / "copy", home)
    with Keystore.open(home, PASSWORD) as restored:
        for update in UPDATES:
            with pytest.raises(ContentKeyDestroyed, match="older than the last shredding"):
                restored.content_key(update)
        with pytest.raises(KeystoreError, match="older than the last shredding"):
            restored.prekey_private(digest)
        assert restored.contents() == ()
        restored.sign_digest("delegate", bytes(32))
        restored.store_content(UPDATES[3], b"k" * 32, b"s" * 32)  # caught up from another member
        restored.shred([UPDATES[1]])
        assert restored.content_key(UPDATES[3]) == b"k" * 32
        with pytest.raises(ContentKeyDestroyed, match="on purpose"):
            restored.content_key(UPDATES[1])


def test_an_old_kek_file_is_refused(home: Path, keystore: Keystore, tmp_path: Path) -> None:
    fill(keystore)
    shutil.copy2(home / "keystore" / "kek.json", tmp_path / "kek.json")
    keystore.shred([UPDATES[0]])
    keystore.close()
    shutil.copy2(tmp_path / "kek.json", home / "keystore" / "kek.json")
    with pytest.raises(KeystoreError, match="generation 1 where 2 is needed"):
        Keystore.open(home, PASSWORD)


def test_without_its_kek_file_a_keystore_says_so_and_can_start_anew(home: Path, keystore: Keystore) -> None:
    keys = fill(keystore)
    addresses = Keystore.addresses(home)
    with pytest.raises(KeystoreError, match="nothing to restore"):
        Keystore.restore(home, PASSWORD, scrypt_n=FAST)
    keystore.close()
    (home / "keystore" / "kek.json").unlink()
    with pytest.raises(KeystoreError, match=r"lacks .*kek\.json"):
        Keystore.open(home, PASSWORD)
    with pytest.raises(KeystoreError, match="wrong password"):
        Keystore.restore(home, "other", scrypt_n=FAST)
    with Keystore.restore(home, PASSWORD, scrypt_n=FAST) as restored:
        assert (restored.authority_address, restored.delegate_address) == (addresses.authority, addresses.delegate)
        with pytest.raises(ContentKeyDestroyed):
            restored.content_key(UPDATES[0])
        restored.store_content(UPDATES[0], keys[UPDATES[0]], bytes(32))
        assert restored.content_key(UPDATES[0]) == keys[UPDATES[0]]


def crash_while_shredding(home: Path, step: str) -> None:
    """Die in a process of its own right after a step, as a power cut would."""
    child = os.fork()
    if child == 0:
        try:
            store = Keystore.open(home, PASSWORD, reached=lambda name: os._exit(9) if name == step else None)
            store.shred([UPDATES[0], UPDATES[1]])
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_leaves_the_old_or_the_new_state(home: Path, keystore: Keystore, tmp_path: Path, step: str) -> None:
    keys = fill(keystore)
    digest = prekey_digest(keystore.make_prekeys(1)[0])
    private = keystore.prekey_private(digest)
    keystore.close()
    shutil.copytree(home / "keystore", tmp_path / "copy")
    crash_while_shredding(home, step)
    with Keystore.open(home, PASSWORD) as again:
        for update in UPDATES[2:]:
            assert again.content_key(update) == keys[update]
        assert again.prekey_private(digest) == private
        if step == "staged":
            assert again.content_key(UPDATES[0]) == keys[UPDATES[0]]
        else:
            with pytest.raises(ContentKeyDestroyed):
                again.content_key(UPDATES[0])
        assert again.shred(UPDATES[:2]) == 2
        with pytest.raises(ContentKeyDestroyed):
            again.content_key(UPDATES[1])
    names = {path.name for path in (home / "keystore").iterdir()}
    assert not {name for name in names if name.startswith(("kek.next", "kek.retired", ".kek"))}
    put_back(tmp_path / "copy", home)
    with Keystore.open(home, PASSWORD) as restored, pytest.raises(ContentKeyDestroyed):
        restored.content_key(UPDATES[0])


def test_a_crash_before_anything_was_written_leaves_the_old_state(
    home: Path, keystore: Keystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = fill(keystore)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orchestrator.keystore.files.write_atomic", full)
    with pytest.raises(KeystoreError, match="No space left"):
        keystore.shred([UPDATES[0]])
    monkeypatch.undo()
    assert keystore.content_key(UPDATES[0]) == keys[UPDATES[0]]


def test_entries_cannot_trade_places(home: Path, keystore: Keystore) -> None:
    fill(keystore)
    database = keystore._vault._database
    rows = dict(database.execute("SELECT id, sealed FROM entries"))
    database.execute("UPDATE entries SET sealed = ? WHERE id = ?", (rows[UPDATES[1]], UPDATES[0]))
    with pytest.raises(KeystoreError, match="damaged"):
        keystore.content_key(UPDATES[0])


def test_secrets_are_nowhere_in_clear(home: Path, keystore: Keystore) -> None:
    keys = fill(keystore)
    private = keystore.prekey_private(Digest(keystore.prekeys()[0])) if keystore.make_prekeys(1) else b""
    for path in (home / "keystore").iterdir():
        data = path.read_bytes()
        assert private[:64] not in data
        for key in keys.values():
            assert key not in data
            assert key.hex().encode() not in data


def test_processes_that_shred_at_once_do_not_harm_each_other(home: Path, keystore: Keystore) -> None:
    keys = {UpdateId(f"0x{index:064x}"): os.urandom(32) for index in range(24)}
    for update, key in keys.items():
        keystore.store_content(update, key, key)
    keystore.close()
    updates = list(keys)
    children = []
    for part in range(3):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for update in updates[part * 6 : part * 6 + 6]:
                    with Keystore.open(home, PASSWORD) as store:
                        code = 0 if store.shred([update]) == 1 and store.content_key(updates[-1]) else 2
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    with Keystore.open(home, PASSWORD) as store:
        assert store.contents() == tuple(updates[18:])
        assert all(store.content_key(update) == keys[update] for update in updates[18:])
