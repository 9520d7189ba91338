"""``KeyDirectory``: long-term keys and the one-time prekeys of rounds."""

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
