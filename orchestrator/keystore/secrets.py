"""Prekeys, content keys, mask secrets, lock keys and a pseudonym key: made, used, destroyed. In no backup."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from orchestrator.envelope.prekeys import generate_prekey, prekey_digest
from orchestrator.errors import ContentKeyDestroyed, KeystoreError
from orchestrator.keystore.vault import Vault
from orchestrator.lock_key import LockKey
from orchestrator.types import Digest, UpdateId

_PREKEY, _CONTENT, _LOCK, _PSEUDONYM = "prekey", "content key", "lock key", "pseudonym key"
_MASK = "mask secrets"
_KEY_SIZE = 32
_ONLY = "1"


class Secrets:
    """The part of a keystore that stays on this machine, whoever holds the keys that sign."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def make_prekeys(self, count: int) -> list[bytes]:
        """Make one-time prekeys; returns their public bytes, to be published."""
        made = [generate_prekey() for _ in range(count)]
        self._vault.put_all((_PREKEY, prekey_digest(public), private) for private, public in made)
        return [public for _, public in made]

    def prekeys(self) -> tuple[Digest, ...]:
        """Digests of the prekeys whose private part is here."""
        return tuple(Digest(id) for id in self._vault.ids(_PREKEY))

    def had_prekey(self, digest: Digest) -> bool:
        """Whether the prekey was ever made or kept here. A restored keystore knows of none before it was restored."""
        return self._vault.had(_PREKEY, digest)

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

    def keep_mask_secrets(self, session: Digest, secrets: bytes) -> None:
        """Keep a member's secrets of one secure aggregation.

        Raises:
            ContentKeyDestroyed: they were destroyed, and others for that session would contradict them.
        """
        self._vault.put(_MASK, session, secrets)

    def mask_secrets(self, session: Digest) -> bytes:
        """The secrets of one secure aggregation.

        Raises:
            ContentKeyDestroyed: they were destroyed. KeystoreError: never here.
        """
        return self._vault.get(_MASK, session)

    def had_mask_secrets(self, session: Digest) -> bool:
        """Whether there are, or were, secrets of that session."""
        return self._vault.had(_MASK, session)

    def destroy_mask_secrets(self, session: Digest) -> None:
        """Forget the secrets of a session for good."""
        self._vault.destroy(_MASK, [session])

    def lock_key(self) -> LockKey:
        """The key of this organisation's key-lock, made when it is first asked for."""
        kept = self._lock_generations()
        if not kept:
            return self._new_lock_key(1)
        return LockKey(kept[-1], self._vault.get(_LOCK, str(kept[-1])))

    @property
    def lock_generation(self) -> int | None:
        """Number of the lock key in use; None before one was made."""
        return max(self._lock_generations(), default=None)

    def rotate_lock_key(self) -> LockKey:
        """Make another lock key, and destroy every one before it for good."""
        kept = self._lock_generations()
        made = self._new_lock_key(kept[-1] + 1 if kept else 1)
        self._vault.destroy(_LOCK, [str(number) for number in kept])
        return made

    def pseudonym_key(self) -> bytes:
        """What pseudonyms of personal data are made with (docs/methods/anonymisation.md), made when first asked for."""
        if _ONLY not in self._vault.ids(_PSEUDONYM):
            self._vault.put(_PSEUDONYM, _ONLY, secrets.token_bytes(_KEY_SIZE))
        return self._vault.get(_PSEUDONYM, _ONLY)

    def _lock_generations(self) -> list[int]:
        return sorted(int(id) for id in self._vault.ids(_LOCK))

    def _new_lock_key(self, generation: int) -> LockKey:
        while self._vault.had(_LOCK, str(generation)):
            generation += 1
        made = LockKey.fresh(generation)
        self._vault.put(_LOCK, str(generation), made.secret)
        return made
