"""One organisation's keystore: its two Ethereum keys, round prekeys, content keys, and what it has signed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from orchestrator.errors import KeystoreError
from orchestrator.keystore import accounts
from orchestrator.keystore.accounts import ROLES, Role
from orchestrator.keystore.holders import KeyHolder, LocalKey
from orchestrator.keystore.kek import DEFAULT_SCRYPT_N, Kek, PasswordKey, read_password_key, write_kek
from orchestrator.keystore.making import Addresses, addresses_of, folder_of, make
from orchestrator.keystore.secrets import Secrets
from orchestrator.keystore.signed import SigningRecord
from orchestrator.keystore.vault import Vault, last_generation, locked
from orchestrator.types import Address, Digest

__all__ = ["Addresses", "Keystore", "folder_of"]


class Keystore(Secrets):
    """An open keystore; made by :meth:`create`, :meth:`open` or :meth:`restore`. Close it, or use it in ``with``."""

    def __init__(self, folder: Path, addresses: Addresses, holders: Mapping[Role, KeyHolder], vault: Vault) -> None:
        super().__init__(vault)
        self._folder = folder
        self._addresses = addresses
        self._holders = dict(holders)
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
        remote_delegate: Address | None = None,
    ) -> Keystore:
        """Make ``home/keystore`` with new keys, or with given ones, and open it. All of it or nothing.

        Args:
            remote_delegate: address of a delegate key that a signer elsewhere holds.

        Raises:
            KeystoreError: there is one already, the password is empty, or the folder cannot be written.
        """
        keys: dict[Role, bytes | None] = {"authority": authority_key, "delegate": delegate_key}
        made = make(home, password, scrypt_n=scrypt_n, keys=keys, remote_delegate=remote_delegate)
        holders = {role: LocalKey(account) for role, account in made.unlocked.items()}
        return cls(made.folder, made.addresses, holders, Vault(made.folder, made.password_key))

    @classmethod
    def open(
        cls,
        home: Path,
        password: str,
        *,
        roles: Collection[Role] = ROLES,
        remote: Mapping[Role, KeyHolder] | None = None,
        reached: Callable[[str], None] = lambda _: None,
    ) -> Keystore:
        """Open ``home/keystore``, finishing a shredding that was cut off.

        Args:
            roles: keys to unlock; one whose file was moved to a colder place stays locked.
            remote: holders of keys that are not in the keystore's files, or are to be used instead of them.
            reached: see :class:`orchestrator.keystore.vault.Vault`.

        Raises:
            KeystoreError: none there, wrong password, a damaged file, or files that do not belong together.
        """
        folder, addresses, elsewhere = folder_of(home), addresses_of(home), dict(remote or {})
        for role, holder in elsewhere.items():
            if holder.address != (expected := getattr(addresses, role)):
                raise KeystoreError(f"the {role} of this home is {expected}, the signer's key is {holder.address}")
        vault = Vault(folder, _password_key(folder, password), reached)
        try:
            unlocked = {
                role: LocalKey(accounts.read_account(folder / f"{role}.json", password, getattr(addresses, role)))
                for role in roles
                if role not in elsewhere and (folder / f"{role}.json").exists()
            }
            return cls(folder, addresses, {**unlocked, **elsewhere}, vault)
        except KeystoreError:
            vault.close()
            raise

    @classmethod
    def restore(cls, home: Path, password: str, *, scrypt_n: int = DEFAULT_SCRYPT_N) -> Keystore:
        """Open a keystore put back from a backup without its ``kek.json``: a new one is made, old secrets stay shut.

        Nothing is signed for a checkpoint before own attestations were recalled from the chains.

        Raises:
            KeystoreError: ``kek.json`` is there after all, or the password is not that of the keys.
        """
        folder, addresses = folder_of(home), addresses_of(home)
        for name in ("kek.json", "kek.next.json"):
            if (folder / name).exists():
                raise KeystoreError(f"{folder / name} is there; nothing to restore", mend="open the keystore")
        present = [role for role in ROLES if (folder / f"{role}.json").exists()]
        if not present:
            raise KeystoreError(f"{folder} holds neither key", mend="put delegate.json or authority.json back")
        for role in present:
            accounts.read_account(folder / f"{role}.json", password, getattr(addresses, role))
        record = SigningRecord(folder / "signed.sqlite")
        record.demand_recall()
        record.close()
        kek = Kek.fresh(last_generation(folder) + 1)
        write_kek(folder / "kek.json", kek, PasswordKey.fresh(password, scrypt_n))
        return cls.open(home, password)

    @staticmethod
    def addresses(home: Path) -> Addresses:
        """The addresses of a keystore, without its password; KeystoreError where there is none."""
        return addresses_of(home)

    @property
    def authority_address(self) -> Address:
        return self._addresses.authority

    @property
    def delegate_address(self) -> Address:
        return self._addresses.delegate

    def sign_digest(self, role: Role, digest: bytes) -> bytes:
        """Sign 32 bytes: r ‖ s ‖ v, s low, v 27 or 28. Checkpoints go through :meth:`sign_checkpoint`."""
        return self._holder(role).sign_digest(digest)

    def sign_transaction(self, role: Role, transaction: dict[str, Any]) -> bytes:
        """Sign a transaction dict as web3 takes it; returns the raw bytes to broadcast."""
        return self._holder(role).sign_transaction(transaction)

    def sign_checkpoint(
        self, *, chain_id: int, anchor: Address, sequence: int, content: Digest, digest: bytes
    ) -> bytes:
        """Sign a checkpoint with the delegate key, unless another content was signed for its sequence.

        Args:
            chain_id, anchor: the public chain and its ``CheckpointAnchor``.
            content: digest of all fields but ``epoch`` and ``consortiumDigest``; may be signed again for a newer epoch.
            digest: the EIP-712 digest to sign.

        Raises:
            KeystoreError: it would be equivocation, or may be, since the keystore was restored and not yet recalled.
        """
        holder = self._holder("delegate")
        self._signed.claim(chain_id, anchor, sequence, content)
        return holder.sign_digest(digest)

    def recall_checkpoint(self, *, chain_id: int, anchor: Address, sequence: int, content: Digest) -> None:
        """Note an own attestation found on chain, as after restoring a backup, so that it binds again.

        Raises:
            KeystoreError: another content was signed for that sequence.
        """
        self._signed.claim(chain_id, anchor, sequence, content, recalled=True)

    def signed_content(self, *, chain_id: int, anchor: Address, sequence: int) -> Digest | None:
        """The content that this keystore knows to have been signed for a sequence."""
        return self._signed.content(chain_id, anchor, sequence)

    @property
    def recalled(self) -> bool:
        """Whether what was signed is known: false in a restored keystore until the chains were asked."""
        return not self._signed.waits_for_recall

    def finish_recall(self) -> None:
        """Say that all own attestations on the chains were given to :meth:`recall_checkpoint`."""
        self._signed.finish_recall()

    def close(self) -> None:
        self._holders.clear()
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

    def _holder(self, role: Role) -> KeyHolder:
        try:
            return self._holders[role]
        except KeyError:
            raise KeystoreError(
                f"the {role} key is not unlocked in this keystore",
                mend=f"sign where {role}.json is kept, or put it back into {self._folder}",
            ) from None


def _password_key(folder: Path, password: str) -> PasswordKey:
    try:
        with locked(folder):  # a replacement cut off between its two renames leaves only the next one
            waiting, current = folder / "kek.next.json", folder / "kek.json"
            return read_password_key(waiting if waiting.exists() and not current.exists() else current, password)
    except OSError as error:
        raise KeystoreError(f"cannot open the keystore in {folder}: {error.strerror}") from error
