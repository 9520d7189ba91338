"""Backups of an organisation's home: keys that sign, what was signed, and which samples must not be used again; never
what shredding must reach.

A backup is one tar file of the names below and ``backup.json``, which lists them with their digests
(docs/formats/keystore.md). Key files in it are encrypted as in the keystore. Prekeys, content keys and the
key-encryption key are refused on the way in, too: a copy of them would undo later shreddings.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from orchestrator.errors import ConfigurationError, FormatError, KeystoreError
from orchestrator.files import write_atomic
from orchestrator.keystore.files import sync_folder
from orchestrator.keystore.kek import DEFAULT_SCRYPT_N
from orchestrator.keystore.keystore import Keystore
from orchestrator.keystore.making import folder_of
from orchestrator.keystore.signed import SigningRecord
from orchestrator.withdrawn import FILE as _WITHDRAWN

FORMAT, VERSION = "loranchor/backup", 1
LIST = "backup.json"
_SIGNED = "keystore/signed.sqlite"
_KEY_FILE = re.compile(r"keystore/(addresses|(authority|delegate)(\.next|\.0x[0-9a-f]{40})?)\.json")
_PUBLIC = "organisation.json"
_NEEDED = {_PUBLIC, "keystore/addresses.json", _SIGNED}
_MOST_BYTES = 256 * 1024 * 1024
"""Of all files together; a record of ten million signatures is smaller."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds: its files by name, and the second since 1970 in which it was made."""

    files: Mapping[str, bytes]
    made: int


def write_backup(home: Path, target: Path, *, authority: bool = True) -> Backup:
    """Write a new file that only its owner can read; a daemon may run meanwhile.

    Args:
        authority: take the authority's key along, if it is in the home.

    Raises:
        ConfigurationError: ``target`` exists, or cannot be written. KeystoreError: no keystore there, or damaged.
    """
    Keystore.addresses(home)
    if target.exists() or target.is_symlink():
        raise ConfigurationError(f"{target} already exists", mend="name a new file: a backup replaces none")
    backup = Backup(dict(_gathered(home, authority)), int(time.time()))
    try:
        write_atomic(target, _packed(backup), mode=0o600)
        sync_folder(target.absolute().parent)
    except OSError as error:
        raise ConfigurationError(f"cannot write {target}: {error.strerror}", mend="name another file") from error
    return backup


def _gathered(home: Path, authority: bool) -> Iterator[tuple[str, bytes]]:
    folder = folder_of(home)
    try:
        yield _PUBLIC, (home / _PUBLIC).read_bytes()
        if (home / _WITHDRAWN).exists():
            yield _WITHDRAWN, (home / _WITHDRAWN).read_bytes()
        for path in sorted(folder.iterdir()):
            name = f"keystore/{path.name}"
            if _KEY_FILE.fullmatch(name) and (authority or not path.name.startswith("authority")):
                yield name, path.read_bytes()
        with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as scratch:
            copy, record = Path(scratch) / "signed.sqlite", SigningRecord(folder / "signed.sqlite")
            record.copy(copy)
            record.close()
            yield _SIGNED, copy.read_bytes()
    except OSError as error:
        raise KeystoreError(f"cannot read the home {home}: {error.strerror} ({error.filename})") from error


def _packed(backup: Backup) -> bytes:
    listed = {name: "0x" + sha256(data).hexdigest() for name, data in backup.files.items()}
    head = {"format": FORMAT, "version": VERSION, "made": backup.made, "files": listed}
    content = {LIST: (json.dumps(head, indent=2) + "\n").encode(), **backup.files}
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), 0o600, backup.made
            archive.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def read_backup(source: Path) -> Backup:
    """Check a backup's every byte.

    Raises:
        ConfigurationError: no such file. FormatError: no backup, damaged, of another version, or with files that no
            backup may hold.
    """
    try:
        with tarfile.open(source, mode="r:") as archive:
            files = dict(_entries(archive))
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no file {source}", mend="name a file that `org backup` wrote") from error
    except OSError as error:
        raise ConfigurationError(f"cannot read {source}: {error.strerror}", mend="name a readable file") from error
    except tarfile.TarError as error:
        raise FormatError(f"{source} is no backup: {error}", mend="name a file that `org backup` wrote") from error
    head = _head(files.pop(LIST, b""), source)
    found = {name: "0x" + sha256(data).hexdigest() for name, data in files.items()}
    if found != head.get("files") or not set(files) >= _NEEDED:
        raise FormatError(f"{source} is damaged: its files are not those that it lists", mend="take another backup")
    strange = sorted(name for name in files if name not in _NEEDED | {_WITHDRAWN} and not _KEY_FILE.fullmatch(name))
    if strange:
        raise FormatError(f"{source} holds {strange[0]}, which no backup may", mend="take another backup")
    return Backup(files, int(head["made"]))


def _entries(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    left = _MOST_BYTES
    for entry in archive:
        left -= entry.size
        data = archive.extractfile(entry) if entry.isreg() and left >= 0 else None
        if data is None:
            raise tarfile.TarError(f"{entry.name} is no plain file, or too long")
        yield entry.name, data.read()


def _head(data: bytes, source: Path) -> dict[str, Any]:
    try:
        head = json.loads(data)
        if head["format"] != FORMAT or not isinstance(head["made"], int):
            raise ValueError("another format")
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{source} is no {FORMAT}", mend="name a file that `org backup` wrote") from error
    if head["version"] != VERSION:
        raise FormatError(f"{source} is {FORMAT} version {head['version']}, this release reads {VERSION}")
    return dict(head)


def restore_backup(source: Path, home: Path, password: str, *, scrypt_n: int = DEFAULT_SCRYPT_N) -> Backup:
    """Make a home of a backup, all of it or nothing. It signs no checkpoint until it has asked the chains what it did.

    Raises:
        ConfigurationError: ``home`` holds anything, or cannot be written. KeystoreError: wrong password.
        FormatError: see :func:`read_backup`.
    """
    backup = read_backup(source)
    home = home.absolute()
    if home.is_symlink() or (home.exists() and not (home.is_dir() and not any(home.iterdir()))):
        raise ConfigurationError(f"{home} already exists and is not empty", mend="give a new folder as --home")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".{home.name}."))
        try:
            folder_of(draft).mkdir(mode=0o700)
            for name, data in backup.files.items():
                write_atomic(draft / name, data, mode=0o644 if name == _PUBLIC else 0o600)
            Keystore.restore(draft, password, scrypt_n=scrypt_n).close()
            draft.rename(home)
            sync_folder(home.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise ConfigurationError(f"cannot make {home}: {error.strerror}", mend="give another --home") from error
    return backup
