"""New keys for an organisation that lost one: made beside the old one, put in its place once the chains know them.

``<role>.next.json`` waits in the keystore until both chains name its address; a key that was replaced, or that a chain
can never take, stays there as ``<role>.<address>.json``, because tokens may belong to it. Every step may be cut off and
is finished by doing it again. Formats: docs/formats/keystore.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from orchestrator.errors import ConfigurationError, KeystoreError
from orchestrator.files import write_atomic, write_json
from orchestrator.keystore import Keystore, Role, accounts
from orchestrator.keystore.files import destroy, read_document, sync_folder, write_private
from orchestrator.keystore.kek import DEFAULT_SCRYPT_N
from orchestrator.keystore.keystore import folder_of
from orchestrator.keystore.vault import locked
from orchestrator.ledger.words import ADDRESS
from orchestrator.organisation import FILE, load_organisation
from orchestrator.types import Address


class KeyFile:
    """One key from a file of its own, as a signer; the file may lie on a stick that is unplugged afterwards."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    @classmethod
    def open(cls, path: Path, password: str) -> KeyFile:
        """Raises KeystoreError: no such file, wrong password, or no version 3 key file."""
        if not path.exists():
            raise KeystoreError(f"there is no key file {path}", mend="name a version 3 key file")
        return cls(accounts.read_account(path, password, named_address(path)))

    @property
    def address(self) -> Address:
        return Address(self._account.address.lower())

    def sign_digest(self, digest: bytes) -> bytes:
        return accounts.sign_digest(self._account, digest)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        return accounts.sign_transaction(self._account, dict(transaction))

    def __repr__(self) -> str:
        return f"KeyFile({self.address})"


class HomeKey:
    """One key of an open keystore, for signing decisions."""

    def __init__(self, keystore: Keystore, role: Role) -> None:
        self._keystore = keystore
        self._role = role

    @property
    def address(self) -> Address:
        keystore = self._keystore
        return keystore.authority_address if self._role == "authority" else keystore.delegate_address

    def sign_digest(self, digest: bytes) -> bytes:
        return self._keystore.sign_digest(self._role, digest)


def named_address(path: Path) -> Address:
    """The address that a key file says it holds; opening the file proves it."""
    named = str(read_document(path).get("address", "")).lower().removeprefix("0x")
    if not ADDRESS.fullmatch(f"0x{named}"):
        raise KeystoreError(f"{path} names no address", mend="is it a version 3 key file?")
    return Address(f"0x{named}")


def staged_path(home: Path, role: Role) -> Path:
    return folder_of(home) / f"{role}.next.json"


def staged_address(home: Path, role: Role) -> Address | None:
    """The key that waits to take the place of the present one."""
    path = staged_path(home, role)
    return named_address(path) if path.exists() else None


def stage(home: Path, role: Role, password: str, *, another: bool = False) -> Address:
    """Make the next key, or find the one that waits already: an address serves once, so none is made in vain.

    Args:
        another: the one that waits is set aside first, once the password is known to be right.

    Raises:
        KeystoreError: wrong password for the keystore or for the key that waits.
    """
    Keystore.open(home, password, roles=()).close()  # a key under another password than the rest would lock them out
    path = staged_path(home, role)
    if another:
        set_aside(home, role)
    with locked(folder_of(home)):
        if not path.exists():
            accounts.write_account(path, password, key=None, scrypt_n=_cost(home))
    return KeyFile.open(path, password).address


def set_aside(home: Path, role: Role) -> Path | None:
    """Keep the key that waits under its address, so that the next one is another; None where none waits.

    For a key that a chain can never take: whoever it was told to may have used the address first.
    """
    folder, waiting = folder_of(home), staged_path(home, role)
    with locked(folder):
        if not waiting.exists():
            return None
        kept = folder / f"{role}.{named_address(waiting)}.json"
        waiting.replace(kept)
        sync_folder(folder)
    return kept


def install(home: Path, role: Role, password: str) -> Address:
    """Put the key that waits in place of the present one, which is kept under its address.

    Raises:
        KeystoreError: none waits, or it does not open.
    """
    folder, waiting = folder_of(home), staged_path(home, role)
    address = KeyFile.open(waiting, password).address
    organisation = load_organisation(home)
    with locked(folder):
        present = folder / f"{role}.json"
        if present.exists():
            _copy(present, folder / f"{role}.{named_address(present)}.json")
        addresses = Keystore.addresses(home)
        if role == "delegate":
            addresses = replace(addresses, delegate=address)
        else:
            addresses = replace(addresses, authority=address)
        names = {"authority": addresses.authority, "delegate": addresses.delegate}
        write_private(folder / "addresses.json", {"format": "loranchor/addresses", "version": 1, **names})
        changed = replace(organisation, authority=addresses.authority, delegate=addresses.delegate)
        write_json(home / FILE, changed.document)
        waiting.replace(present)  # last: until then everything is done again
        sync_folder(folder)
    return address


def export_authority(home: Path, password: str, target: Path, *, remove: bool) -> Address:
    """Copy the authority's encrypted key to ``target``, and take it out of the keystore with ``remove``.

    Raises:
        KeystoreError: no key there, wrong password, or the copy does not open. ConfigurationError: ``target`` exists.
    """
    source, expected = folder_of(home) / "authority.json", Keystore.addresses(home).authority
    accounts.read_account(source, password, expected)
    _copy(source, target)
    accounts.read_account(target, password, expected)
    if remove:
        destroy(source)
    return expected


def import_authority(home: Path, password: str, source: Path) -> Address:
    """Put the authority's key back into the keystore.

    Raises:
        KeystoreError: wrong password, or the key of another address than this organisation's.
    """
    target, expected = folder_of(home) / "authority.json", Keystore.addresses(home).authority
    found = KeyFile.open(source, password).address
    if found != expected:
        raise KeystoreError(
            f"{source} holds the key of {found}, the authority of this home is {expected}",
            mend="take the key of this organisation; a new one comes by `loranchor consortium authority new`",
        )
    if not target.exists():
        _copy(source, target)
    return expected


def _copy(source: Path, target: Path) -> None:
    """A private file, whole or not there; a file that says the same already is left, any other is refused."""
    try:
        content = source.read_bytes()
        if target.exists():
            if target.read_bytes() == content:
                return
            raise ConfigurationError(f"{target} exists and holds something else", mend="name another file")
        write_atomic(target, content, mode=0o600)
        sync_folder(target.parent)
    except OSError as error:
        raise ConfigurationError(f"cannot copy {source} to {target}: {error.strerror}", mend="check both") from error


def _cost(home: Path) -> int:
    """As hard to guess as the delegate's key file, which every keystore has."""
    kdf = read_document(folder_of(home) / "delegate.json").get("crypto", {}).get("kdfparams", {})
    cost = kdf.get("n") if isinstance(kdf, dict) else None
    return cost if isinstance(cost, int) else DEFAULT_SCRYPT_N
