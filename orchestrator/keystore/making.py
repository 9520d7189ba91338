"""The files of a new keystore: all of them or none."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from eth_account.signers.local import LocalAccount

from orchestrator.errors import KeystoreError
from orchestrator.keystore import accounts
from orchestrator.keystore.accounts import Role
from orchestrator.keystore.files import read_document, sync_folder, write_private
from orchestrator.keystore.kek import Kek, PasswordKey, write_kek
from orchestrator.types import Address


@dataclass(frozen=True, slots=True)
class Addresses:
    """The public part of a keystore."""

    authority: Address
    delegate: Address


@dataclass(frozen=True, slots=True)
class Made:
    """What was just written, opened."""

    folder: Path
    addresses: Addresses
    unlocked: dict[Role, LocalAccount]
    password_key: PasswordKey


def folder_of(home: Path) -> Path:
    """Where the keystore of an organisation's home folder lies."""
    return home / "keystore"


def addresses_of(home: Path) -> Addresses:
    """The addresses of a keystore, without its password.

    Raises:
        KeystoreError: no keystore there.
    """
    path = folder_of(home) / "addresses.json"
    if not path.exists():
        raise KeystoreError(f"there is no keystore in {folder_of(home)}", mend="make one: loranchor org init")
    document = read_document(path, format="loranchor/addresses")
    try:
        return Addresses(Address(document["authority"]), Address(document["delegate"]))
    except KeyError as error:
        raise KeystoreError(f"{path} is damaged: no {error}", mend="put an undamaged copy back") from error


def make(
    home: Path, password: str, *, scrypt_n: int, keys: dict[Role, bytes | None], remote_delegate: Address | None
) -> Made:
    """Write ``home/keystore``.

    Args:
        keys: private keys to take; None makes a fresh one.
        remote_delegate: address of a delegate key that a signer elsewhere holds; no key file is made for it.

    Raises:
        KeystoreError: there is one already, the password is empty, or the folder cannot be written.
    """
    folder = folder_of(home)
    if folder.exists():
        raise KeystoreError(f"there is already a keystore in {folder}", mend="open it, or choose another folder")
    if not password:
        raise KeystoreError("the password of a keystore must not be empty")
    try:
        home.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=home, prefix=".keystore-"))
    except OSError as error:
        raise KeystoreError(f"cannot make a keystore in {home}: {error.strerror}") from error
    try:
        addresses, unlocked, password_key = _write(draft, password, scrypt_n, keys, remote_delegate)
        draft.rename(folder)
        sync_folder(home)
    except OSError as error:
        raise KeystoreError(f"cannot make a keystore in {home}: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Made(folder, addresses, unlocked, password_key)


def _write(
    folder: Path, password: str, scrypt_n: int, keys: dict[Role, bytes | None], remote_delegate: Address | None
) -> tuple[Addresses, dict[Role, LocalAccount], PasswordKey]:
    made = {
        role: accounts.write_account(folder / f"{role}.json", password, key=key, scrypt_n=scrypt_n)
        for role, key in keys.items()
        if role != "delegate" or remote_delegate is None
    }
    named = {role: Address(account.address.lower()) for role, account in made.items()}
    delegate = remote_delegate or named["delegate"]
    document = {"format": "loranchor/addresses", "version": 1, "authority": named["authority"], "delegate": delegate}
    write_private(folder / "addresses.json", document)
    password_key = PasswordKey.fresh(password, scrypt_n)
    write_kek(folder / "kek.json", Kek.fresh(1), password_key)
    return Addresses(named["authority"], delegate), made, password_key
