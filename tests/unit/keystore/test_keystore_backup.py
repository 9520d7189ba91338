"""Backups: what is in them, what never is, and what a restored home may do."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError, ContentKeyDestroyed, FormatError, KeystoreError
from orchestrator.keystore import Keystore
from orchestrator.keystore.backup import LIST, read_backup, restore_backup, write_backup
from orchestrator.types import Address, Digest, UpdateId
from orchestrator.withdrawn import Withdrawn
from tests.unit.keystore.support import FAST, PASSWORD

ANCHOR = Address("0x" + "aa" * 20)
FIRST, SECOND = (Digest("0x" + byte * 32) for byte in ("01", "02"))
UPDATE = UpdateId("0x" + "05" * 32)


@pytest.fixture
def aurora(home: Path, keystore: Keystore) -> Path:
    (home / "organisation.json").write_text('{"format": "loranchor/organisation"}')
    keystore.store_content(UPDATE, bytes(range(32)), bytes(32))
    keystore.make_prekeys(2)
    sign(keystore, 1, FIRST)
    return home


def sign(keystore: Keystore, sequence: int, content: Digest) -> bytes:
    return keystore.sign_checkpoint(chain_id=1, anchor=ANCHOR, sequence=sequence, content=content, digest=bytes(32))


def names(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        return archive.getnames()


def test_a_backup_holds_what_signs_and_what_was_signed(aurora: Path, tmp_path: Path) -> None:
    write_backup(aurora, tmp_path / "a.tar")
    assert names(tmp_path / "a.tar") == [
        LIST,
        "organisation.json",
        "keystore/addresses.json",
        "keystore/authority.json",
        "keystore/delegate.json",
        "keystore/signed.sqlite",
    ]
    assert stat.S_IMODE((tmp_path / "a.tar").stat().st_mode) == 0o600
    assert {path.name for path in (aurora / "keystore").iterdir() if path.name.startswith(".")} == set()


def test_it_holds_no_secret_that_shredding_must_reach(aurora: Path, keystore: Keystore, tmp_path: Path) -> None:
    write_backup(aurora, tmp_path / "a.tar")
    data = (tmp_path / "a.tar").read_bytes()
    for secret in ("kek.json", "secrets.sqlite"):
        assert secret.encode() not in data
        assert (aurora / "keystore" / secret).read_bytes()[:64] not in data or secret == "secrets.sqlite"
    sealed = keystore._vault._database.execute("SELECT sealed FROM entries").fetchall()
    assert sealed
    assert not [row for row in sealed if row[0] in data]
    assert bytes(range(32)) not in data


def test_what_was_withdrawn_stays_withdrawn_in_a_restored_home(aurora: Path, tmp_path: Path) -> None:
    withdrawn = Withdrawn.empty().with_samples([FIRST])
    withdrawn.write(aurora)
    write_backup(aurora, tmp_path / "a.tar")
    restore_backup(tmp_path / "a.tar", tmp_path / "new", PASSWORD, scrypt_n=FAST)
    found = Withdrawn.read(tmp_path / "new")
    assert found == withdrawn and FIRST in found and SECOND not in found
    assert stat.S_IMODE((tmp_path / "new" / "withdrawn.json").stat().st_mode) == 0o600


def test_the_authority_can_stay_behind(aurora: Path, tmp_path: Path) -> None:
    waiting = aurora / "keystore" / "delegate.next.json"
    waiting.write_bytes((aurora / "keystore" / "delegate.json").read_bytes())
    (aurora / "keystore" / f"authority.0x{'12' * 20}.json").write_text("{}")
    write_backup(aurora, tmp_path / "a.tar", authority=False)
    assert not [name for name in names(tmp_path / "a.tar") if "authority" in name]
    assert "keystore/delegate.next.json" in names(tmp_path / "a.tar")


def test_a_restored_home_has_its_keys_and_none_of_its_secrets(aurora: Path, keystore: Keystore, tmp_path: Path) -> None:
    write_backup(aurora, tmp_path / "a.tar")
    restored = tmp_path / "restored"
    restore_backup(tmp_path / "a.tar", restored, PASSWORD, scrypt_n=FAST)
    assert (restored / "organisation.json").read_bytes() == (aurora / "organisation.json").read_bytes()
    assert stat.S_IMODE((restored / "keystore").stat().st_mode) == 0o700
    with Keystore.open(restored, PASSWORD) as opened:
        assert opened.delegate_address == keystore.delegate_address
        assert opened.sign_digest("authority", bytes(32)) == keystore.sign_digest("authority", bytes(32))
        assert (opened.contents(), opened.prekeys()) == ((), ())
        with pytest.raises(KeystoreError, match="has no content key"):
            opened.content_key(UPDATE)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_was_shredded_after_the_backup_does_not_come_back(
    aurora: Path, keystore: Keystore, tmp_path: Path
) -> None:
    write_backup(aurora, tmp_path / "a.tar")
    keystore.shred([UPDATE])
    restore_backup(tmp_path / "a.tar", tmp_path / "restored", PASSWORD, scrypt_n=FAST)
    with Keystore.open(tmp_path / "restored", PASSWORD) as opened, pytest.raises((KeystoreError, ContentKeyDestroyed)):
        opened.content_key(UPDATE)


def test_restored_from_an_old_backup_it_does_not_sign_again_what_it_may_have_signed(
    aurora: Path, keystore: Keystore, tmp_path: Path
) -> None:
    write_backup(aurora, tmp_path / "old.tar")
    sign(keystore, 2, FIRST)  # after the backup
    restore_backup(tmp_path / "old.tar", tmp_path / "restored", PASSWORD, scrypt_n=FAST)
    with Keystore.open(tmp_path / "restored", PASSWORD) as opened:
        assert not opened.recalled
        for sequence in (1, 2, 3):
            with pytest.raises(KeystoreError, match="was restored, and may have signed another"):
                sign(opened, sequence, SECOND)
    with Keystore.open(tmp_path / "restored", PASSWORD) as opened:  # it does not forget that by being started again
        with pytest.raises(KeystoreError, match="was restored"):
            sign(opened, 2, SECOND)
        opened.recall_checkpoint(chain_id=1, anchor=ANCHOR, sequence=2, content=FIRST)
        opened.finish_recall()
        assert opened.recalled
        for sequence in (1, 2):
            with pytest.raises(KeystoreError, match="refused to sign"):
                sign(opened, sequence, SECOND)
        assert sign(opened, 2, FIRST)
        assert sign(opened, 3, SECOND)


def test_a_home_that_was_never_restored_signs_at_once(keystore: Keystore) -> None:
    assert keystore.recalled
    assert sign(keystore, 1, FIRST)


def test_a_backup_can_be_made_while_the_keystore_signs(aurora: Path, keystore: Keystore, tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        try:
            with Keystore.open(aurora, PASSWORD) as other:
                for sequence in range(10, 60):
                    sign(other, sequence, FIRST)
        finally:
            os._exit(0)
    for number in range(5):
        write_backup(aurora, tmp_path / f"{number}.tar")
        read_backup(tmp_path / f"{number}.tar")
    os.waitpid(child, 0)
    write_backup(aurora, tmp_path / "last.tar")
    restore_backup(tmp_path / "last.tar", tmp_path / "restored", PASSWORD, scrypt_n=FAST)
    with Keystore.open(tmp_path / "restored", PASSWORD) as opened:
        opened.finish_recall()
        with pytest.raises(KeystoreError, match="refused to sign checkpoint 59"):
            sign(opened, 59, SECOND)


def test_nothing_is_overwritten(aurora: Path, tmp_path: Path) -> None:
    write_backup(aurora, tmp_path / "a.tar")
    with pytest.raises(ConfigurationError, match="already exists"):
        write_backup(aurora, tmp_path / "a.tar")
    with pytest.raises(ConfigurationError, match="not empty"):
        restore_backup(tmp_path / "a.tar", aurora, PASSWORD, scrypt_n=FAST)


def test_a_wrong_password_leaves_nothing(aurora: Path, tmp_path: Path) -> None:
    write_backup(aurora, tmp_path / "a.tar")
    with pytest.raises(KeystoreError, match="wrong password"):
        restore_backup(tmp_path / "a.tar", tmp_path / "restored", "other", scrypt_n=FAST)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "aurora"]


def rewritten(file: Path, change: dict[str, bytes | None]) -> Path:
    """The same archive with some files replaced, added or left out; its list stays, unless it is among them."""
    with tarfile.open(file) as archive:
        content = {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]
    content |= change  # type: ignore[arg-type]
    with tarfile.open(file, "w") as archive:
        for name, data in content.items():
            if data is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return file


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"organisation.json": b"{}"}, "not those that it lists"),
        ({"keystore/signed.sqlite": None}, "not those that it lists"),
        ({"keystore/kek.json": b"{}"}, "not those that it lists"),
        ({LIST: b"{}"}, "is no loranchor/backup"),
        ({LIST: None}, "is no loranchor/backup"),
        ({LIST: b'{"format": "loranchor/backup", "made": 1, "version": 2}'}, "version 2, this release reads 1"),
    ],
)
def test_a_changed_backup_is_refused(
    aurora: Path, tmp_path: Path, change: dict[str, bytes | None], message: str
) -> None:
    write_backup(aurora, tmp_path / "a.tar")
    with pytest.raises(FormatError, match=message):
        restore_backup(rewritten(tmp_path / "a.tar", change), tmp_path / "restored", PASSWORD, scrypt_n=FAST)
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize("name", ["keystore/kek.json", "keystore/secrets.sqlite", "../../evil", "outbox.sqlite"])
def test_files_that_no_backup_may_hold_are_refused_though_it_lists_them(
    aurora: Path, tmp_path: Path, name: str
) -> None:
    write_backup(aurora, tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar") as archive:
        head = json.loads(archive.extractfile(LIST).read())  # type: ignore[union-attr]
    head["files"][name] = "0x44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    file = rewritten(tmp_path / "a.tar", {LIST: json.dumps(head).encode(), name: b"{}"})
    with pytest.raises(FormatError, match="which no backup may"):
        read_backup(file)


@pytest.mark.parametrize("content", [b"", b"no tar", bytes(10_240)])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(FormatError):
        read_backup(tmp_path / "a.tar")
    with pytest.raises(ConfigurationError, match="there is no file"):
        read_backup(tmp_path / "b.tar")


def test_a_link_in_a_backup_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("organisation.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(FormatError, match="no plain file"):
        read_backup(tmp_path / "a.tar")


def test_without_a_home_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="no keystore"):
        write_backup(tmp_path, tmp_path / "a.tar")
