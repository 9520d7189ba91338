"""Lock keys in the keystore: made once, encrypted, rotated, and never coming back."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.keystore import Keystore
from orchestrator.keystore.backup import read_backup, restore_backup, write_backup
from tests.unit.keystore.support import FAST, PASSWORD


def everything(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def test_one_is_made_when_it_is_first_asked_for_and_stays(home: Path, keystore: Keystore) -> None:
    made = keystore.lock_key()
    assert made.generation == 1
    with Keystore.open(home, PASSWORD) as again:
        assert again.lock_key() == made == keystore.lock_key()


def test_it_lies_encrypted(home: Path, keystore: Keystore) -> None:
    secret = keystore.lock_key().secret
    found = everything(home)
    assert secret not in found
    assert secret.hex().encode() not in found


def test_rotating_makes_another_and_destroys_those_before(home: Path, keystore: Keystore) -> None:
    first = keystore.lock_key()
    kek = json.loads((home / "keystore" / "kek.json").read_bytes())["id"]
    second = keystore.rotate_lock_key()
    assert (second.generation, second.secret == first.secret) == (2, False)
    assert keystore.lock_key() == second
    assert keystore._vault.ids("lock key") == ["2"]
    assert json.loads((home / "keystore" / "kek.json").read_bytes())["id"] != kek, "old copies must be worthless"
    assert keystore.rotate_lock_key().generation == 3


def test_rotating_before_there_is_one_makes_the_first(keystore: Keystore) -> None:
    assert keystore.rotate_lock_key().generation == 1


def test_a_rotation_that_was_cut_off_leaves_the_new_key_in_use(keystore: Keystore) -> None:
    first = keystore.lock_key()
    second = keystore._new_lock_key(first.generation + 1)  # the process ended here, before the old one was destroyed
    assert keystore.lock_key() == second
    third = keystore.rotate_lock_key()
    assert keystore._vault.ids("lock key") == [str(third.generation)] == ["3"]


def test_no_backup_holds_it_and_a_restored_home_makes_another(home: Path, keystore: Keystore, tmp_path: Path) -> None:
    (home / "organisation.json").write_text("{}")
    first = keystore.lock_key()
    write_backup(home, tmp_path / "backup.tar")
    assert not any("secrets" in name for name in read_backup(tmp_path / "backup.tar").files)
    assert first.secret not in (tmp_path / "backup.tar").read_bytes()
    restore_backup(tmp_path / "backup.tar", tmp_path / "again", PASSWORD, scrypt_n=FAST)
    with Keystore.open(tmp_path / "again", PASSWORD) as again:
        assert again.lock_key().secret != first.secret


def test_a_new_key_encryption_key_does_not_bring_an_old_generation_back(home: Path, keystore: Keystore) -> None:
    """Secrets stay in the folder, their KEK is lost: the next key has a number that none had before."""
    first = keystore.lock_key()
    keystore.close()
    (home / "keystore" / "kek.json").unlink()
    with Keystore.restore(home, PASSWORD, scrypt_n=FAST) as again:
        found = again.lock_key()
        assert (found.generation, found.secret == first.secret) == (2, False)
