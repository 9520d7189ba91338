"""``ArtefactRegistry``: objects that one member makes and a quorum stands behind."""

from __future__ import annotations

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.types import ArtefactId, Digest, OrganisationId


class ArtefactRegistryProxy(Proxy):
    contract = "ArtefactRegistry"

    def artefact_at(self, number: int) -> ArtefactId:
        """Id of the proposal of that number, counted from 1."""
        return ArtefactId(self._view("artefactAt", number))

    def artefact_count(self) -> int:
        return int(self._view("artefactCount"))

    def endorsed(self, artefact_id: ArtefactId, organisation: OrganisationId) -> bool:
        """Whether the organisation stands behind the object."""
        return bool(self._view("endorsed", artefact_id, organisation))

    def propose(self, kind: str, subject: Digest, digest: Digest, cid: str, leaf_salt: Digest) -> Call:
        """Names an object and stands behind it.

        Args:
            kind: ASCII, at most 32 characters. subject: digest of what it is about.
        """
        return self._call("propose", kind, subject, digest, cid, leaf_salt)

    def endorse(self, artefact_id: ArtefactId, deviation: int, leaf_salt: Digest) -> Call:
        """Stands behind an object; ``deviation`` is the largest relative difference found, in 10⁻¹²."""
        return self._call("endorse", artefact_id, deviation, leaf_salt)

    def dispute(self, artefact_id: ArtefactId, reason: str, leaf_salt: Digest) -> Call:
        """Says that an object is wrong; ``reason`` is ASCII, at most 32 characters."""
        return self._call("dispute", artefact_id, reason, leaf_salt)

    def settle(self, artefact_id: ArtefactId, leaf_salt: Digest) -> Call:
        """Counts again over the present members."""
        return self._call("settle", artefact_id, leaf_salt)
