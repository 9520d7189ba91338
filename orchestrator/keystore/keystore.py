"""One organisation's keystore: its two Ethereum keys, round prekeys, content keys, and what it has signed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from eth_account.signers.local import LocalAccount

from orchestrator.envelope.prekeys import generate_prekey, prekey_digest
from orchestrator.errors import ContentKeyDestroyed, KeystoreError
from orchestrator.keystore import accounts
from orchestrator.keystore.accounts import ROLES, Role
from orchestrator.keystore.files import read_document, sync_folder, write_private
from orchestrator.keystore.kek import DEFAULT_SCRYPT_N, Kek, PasswordKey, read_password_key, write_kek
from orchestrator.keystore.signed import SigningRecord
from orchestrator.keystore.vault import Vault, last_generation, locked
from orchestrator.types import Address, Digest, UpdateId

_PREKEY, _CONTENT = "prekey", "content key"
_KEY_SIZE = 32


@dataclass(frozen=True, slots=True)
class Addresses:
    """The public part of a keystore."""

    authority: Address
    delegate: Address


class Keystore:
    """An open keystore; made by :meth:`create`, :meth:`open` or :meth:`restore`. Close it, or use it in ``with``."""

    def __init__(self, folder: Path, addresses: Addresses, unlocked: dict[Role, LocalAccount], vault: Vault) -> None:
        self._folder = folder
        self._addresses = addresses
        self._accounts = unlocked
        self._vault = vault
        self._signed = SigningRecord(folder / "signed.sqlite")

    @classmethod
    def create(
        cls,
        home: Path,
        password: str,
        *,
        scrypt_n: int = DEFAULT_SCRYPT_N,
        authority_key: bytes | None = None,
        delegate_key: bytes | None = None,
    ) -> Keystore:
        """Make ``home/keystore`` with new keys, or with given ones, and open it. All of it or nothing.

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
            keys: dict[Role, bytes | None] = {"authority": authority_key, "delegate": delegate_key}
            addresses, unlocked, password_key = _write_files(draft, password, scrypt_n, keys)
            draft.rename(folder)
            sync_folder(home)
        except OSError as error:
            raise KeystoreError(f"cannot make a keystore in {home}: {error.strerror}") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return cls(folder, addresses, unlocked, Vault(folder, password_key))

    @classmethod
    def open(
        cls,
        home: Path,
        password: str,
        *,
        roles: Collection[Role] = ROLES,
        reached: Callable[[str], None] = lambda _: None,
    ) -> Keystore:
        """Open ``home/keystore``, finishing a shredding that was cut off.

        Args:
            roles: keys to unlock; one whose file was moved to a colder place stays locked.
            reached: see :class:`orchestrator.keystore.vault.Vault`.

        Raises:
            KeystoreError: none there, wrong password, a damaged file, or files that do not belong together.
        """
        folder, addresses = folder_of(home), cls.addresses(home)
        try:
            with locked(folder):  # a replacement cut off between its two renames leaves only the next one
                waiting = folder / "kek.next.json"
                current = folder / "kek.json"
                source = waiting if waiting.exists() and not current.exists() else current
                password_key = read_password_key(source, password)
        except OSError as error:
            raise KeystoreError(f"cannot open the keystore in {folder}: {error.strerror}") from error
        vault = Vault(folder, password_key, reached)
        try:
            unlocked = {
                role: accounts.read_account(folder / f"{role}.json", password, getattr(addresses, role))
                for role in roles
                if (folder / f"{role}.json").exists()
            }
            return cls(folder, addresses, unlocked, vault)
        except KeystoreError:
            vault.close()
            raise

    @classmethod
    def restore(cls, home: Path, password: str, *, scrypt_n: int = DEFAULT_SCRYPT_N) -> Keystore:
        """Open a keystore put back from a backup without its ``kek.json``: a new one is made, old secrets stay shut.

        Raises:
            KeystoreError: ``kek.json`` is there after all, or the password is not that of the delegate's key.
        """
        folder, addresses = folder_of(home), cls.addresses(home)
        for name in ("kek.json", "kek.next.json"):
            if (folder / name).exists():
                raise KeystoreError(f"{folder / name} is there; nothing to restore", mend="open the keystore")
        accounts.read_account(folder / "delegate.json", password, addresses.delegate)
        kek = Kek.fresh(last_generation(folder) + 1)
        write_kek(folder / "kek.json", kek, PasswordKey.fresh(password, scrypt_n))
        return cls.open(home, password)

    @staticmethod
    def addresses(home: Path) -> Addresses:
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

    @property
    def authority_address(self) -> Address:
        return self._addresses.authority

    @property
    def delegate_address(self) -> Address:
        return self._addresses.delegate

    def sign_digest(self, role: Role, digest: bytes) -> bytes:
        """Sign 32 bytes: r ‖ s ‖ v, s low, v 27 or 28. Checkpoints go through :meth:`sign_checkpoint`."""
        return accounts.sign_digest(self._account(role), digest)

    def sign_transaction(self, role: Role, transaction: dict[str, Any]) -> bytes:
        """Sign a transaction dict as web3 takes it; returns the raw bytes to broadcast."""
        return accounts.sign_transaction(self._account(role), transaction)

    def sign_checkpoint(
        self, *, chain_id: int, anchor: Address, sequence: int, content: Digest, digest: bytes
    ) -> bytes:
        """Sign a checkpoint with the delegate key, unless another content was signed for its sequence.

        Args:
            chain_id, anchor: the public chain and its ``CheckpointAnchor``.
            content: digest of all fields but ``epoch`` and ``consortiumDigest``; may be signed again for a newer epoch.
            digest: the EIP-712 digest to sign.

        Raises:
            KeystoreError: it would be equivocation.
        """
        account = self._account("delegate")
        self._signed.claim(chain_id, anchor, sequence, content)
        return accounts.sign_digest(account, digest)

    def recall_checkpoint(self, *, chain_id: int, anchor: Address, sequence: int, content: Digest) -> None:
        """Note an own attestation found on chain, as after restoring a backup, so that it binds again.

        Raises:
            KeystoreError: another content was signed for that sequence.
        """
        self._signed.claim(chain_id, anchor, sequence, content)

    def make_prekeys(self, count: int) -> list[bytes]:
        """Make one-time prekeys; returns their public bytes, to be published."""
        made = [generate_prekey() for _ in range(count)]
        self._vault.put_all((_PREKEY, prekey_digest(public), private) for private, public in made)
        return [public for _, public in made]

    def prekeys(self) -> tuple[Digest, ...]:
        """Digests of the prekeys whose private part is here."""
        return tuple(Digest(id) for id in self._vault.ids(_PREKEY))

    def prekey_private(self, digest: Digest) -> bytes:
        """The private bytes of a prekey.

        Raises:
            KeystoreError: destroyed, or not of this keystore.
        """
        try:
            return self._vault.get(_PREKEY, digest)
        except ContentKeyDestroyed as error:
            raise KeystoreError(error.message, mend=error.mend) from error

    def destroy_prekey(self, digest: Digest) -> None:
        self.destroy_prekeys([digest])

    def destroy_prekeys(self, digests: Iterable[Digest]) -> None:
        """Forget prekeys for good: what was sealed to them opens only with content keys kept apart."""
        self._vault.destroy(_PREKEY, digests)

    def store_content(self, update_id: UpdateId, content_key: bytes, content_salt: bytes) -> None:
        """Keep what opens an update, in place of an older key of it: it is sealed again where it was not yet recorded.

        Raises:
            ContentKeyDestroyed: it was shredded, and is not taken back.
        """
        if len(content_key) != _KEY_SIZE or len(content_salt) != _KEY_SIZE:
            raise KeystoreError(f"the content key and salt of {update_id} must have {_KEY_SIZE} bytes each")
        self._vault.put(_CONTENT, update_id, content_key + content_salt)

    def content_key(self, update_id: UpdateId) -> bytes:
        """The key that opens an update.

        Raises:
            ContentKeyDestroyed: it was shredded.
            KeystoreError: it was never here.
        """
        return self._vault.get(_CONTENT, update_id)[:_KEY_SIZE]

    def content_salt(self, update_id: UpdateId) -> bytes:
        """The salt that hides the digest of an update's plaintext; raises as :meth:`content_key`."""
        return self._vault.get(_CONTENT, update_id)[_KEY_SIZE:]

    def contents(self) -> tuple[UpdateId, ...]:
        """Updates whose content key is here."""
        return tuple(UpdateId(id) for id in self._vault.ids(_CONTENT))

    def shred(self, update_ids: Iterable[UpdateId]) -> int:
        """Destroy content keys and salts for good, in this keystore and in every copy of it without its ``kek.json``.

        Returns:
            how many of them this keystore held. Doing it again after a crash returns the same.
        """
        return self._vault.destroy(_CONTENT, update_ids)

    def close(self) -> None:
        self._accounts.clear()
        self._vault.close()
        self._signed.close()

    def __enter__(self) -> Keystore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Keystore(delegate={self.delegate_address}, authority={self.authority_address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keystore is not pickled: it holds private keys")

    def _account(self, role: Role) -> LocalAccount:
        try:
            return self._accounts[role]
        except KeyError:
            raise KeystoreError(
                f"the {role} key is not unlocked in this keystore",
                mend=f"sign where {role}.json is kept, or put it back into {self._folder}",
            ) from None


def folder_of(home: Path) -> Path:
    """Where the keystore of an organisation's home folder lies."""
    return home / "keystore"


def _write_files(
    folder: Path, password: str, scrypt_n: int, keys: dict[Role, bytes | None]
) -> tuple[Addresses, dict[Role, LocalAccount], PasswordKey]:
    made = {
        role: accounts.write_account(folder / f"{role}.json", password, key=key, scrypt_n=scrypt_n)
        for role, key in keys.items()
    }
    authority, delegate = (Address(made[role].address.lower()) for role in ("authority", "delegate"))
    document = {"format": "loranchor/addresses", "version": 1, "authority": authority, "delegate": delegate}
    write_private(folder / "addresses.json", document)
    password_key = PasswordKey.fresh(password, scrypt_n)
    write_kek(folder / "kek.json", Kek.fresh(1), password_key)
    return Addresses(authority, delegate), made, password_key
