"""``KeyDirectory``: long-term keys, the one-time prekeys of rounds, and requests of members that lack content keys."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.types import Digest, OrganisationId


class KeyDirectoryProxy(Proxy):
    contract = "KeyDirectory"

    def prekey_of(self, round_id: int, organisation: OrganisationId) -> Digest:
        """Digest of the prekey that the round assigned to that member; zero where there is none."""
        return Digest(self._view("prekeyOf", round_id, organisation))

    def key_of(self, organisation: OrganisationId) -> Digest:
        """Digest of the long-term key; zero where there is none."""
        return Digest(self._view("keyOf", organisation))

    def unused_prekeys(self, organisation: OrganisationId) -> int:
        return int(self._view("unusedPrekeys", organisation))

    def publish_key(self, key: bytes, leaf_salt: Digest) -> Call:
        return self._call("publishKey", key, leaf_salt)

    def revoke_key(self, leaf_salt: Digest) -> Call:
        return self._call("revokeKey", leaf_salt)

    def publish_prekeys(self, keys: Sequence[bytes], leaf_salt: Digest) -> Call:
        return self._call("publishPrekeys", keys, leaf_salt)

    def discard_prekeys(self, leaf_salt: Digest) -> Call:
        """Takes all unused ones back, as after their loss or theft."""
        return self._call("discardPrekeys", leaf_salt)

    def catch_up_count(self) -> int:
        """How many requests there have been."""
        return int(self._view("catchUpCount"))

    def catch_up_of(self, organisation: OrganisationId) -> int:
        """Number of the organisation's latest request; 0 for none."""
        return int(self._view("catchUpOf", organisation))

    def answered_catch_up(self, number: int, organisation: OrganisationId) -> bool:
        return bool(self._view("answeredCatchUp", number, organisation))

    def ask_catch_up(self, key: bytes, leaf_salt: Digest) -> Call:
        """Asks with a one-time HPKE public key, in place of the member's former request."""
        return self._call("askCatchUp", key, leaf_salt)

    def answer_catch_up(self, number: int, object_digest: Digest, cid: str, leaf_salt: Digest) -> Call:
        """Answers another member's standing request; ``object_digest`` is the SHA-256 of the object at ``cid``."""
        return self._call("answerCatchUp", number, object_digest, cid, leaf_salt)
