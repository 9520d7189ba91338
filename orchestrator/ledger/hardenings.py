"""Hardenings: noise on the weights that a revocation of mode ``heal`` puts into the manifest, where the task says so.

What is left of a revoked contribution in its descendants is learnt again more slowly from distorted weights. The entry
names method, deviation and request; every member that folds it draws the same numbers (:mod:`orchestrator.hardening`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.ledger.canonical import Document, digest
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId, RequestId

KIND = "hardening"
AFTER_ALL = OrganisationId("~")
"""In the place of an organisation's name, which no organisation can have: sorts after all of its round."""
METHODS = frozenset({"weight-distortion"})
MOST_SIGMA_NANO = 10**12
"""What :mod:`orchestrator.hardening` draws at most, as a test compares."""


@dataclass(frozen=True, slots=True)
class Hardening:
    """What a task says of it. ``sigma_nano``: standard deviation of the noise in units of 1e-9."""

    method: str
    sigma_nano: int

    @classmethod
    def read(cls, reader: Reader) -> Hardening:
        found = cls(reader.choice("method", METHODS), reader.integer("sigma_nano", least=1, most=MOST_SIGMA_NANO))
        reader.end()
        return found


@dataclass(frozen=True, slots=True)
class HardeningEntry:
    """The entry of a manifest, after the contributions of all rounds that had ended when it took effect.

    Attributes:
        request_id: of the revocation. round: the last of them that contributed.
        modules: endings of the adapted modules' names, whose effective weights get the noise.
        seed: of the noise, see :func:`seed_of`; no part of the document.
    """

    request_id: RequestId
    round: int
    method: str
    sigma_nano: int
    modules: tuple[str, ...]
    seed: Digest

    @property
    def kind(self) -> str:
        return KIND

    @property
    def organisation(self) -> OrganisationId:
        return AFTER_ALL

    def document(self) -> Document:
        return {
            "format": "loranchor/manifest-entry",
            "version": 1,
            "kind": KIND,
            "round": self.round,
            "request_id": self.request_id,
            "method": self.method,
            "sigma_nano": self.sigma_nano,
            "modules": list(self.modules),
        }

    @property
    def digest(self) -> Digest:
        return digest(self.document())


def seed_of(request_id: RequestId, commitments: Iterable[Digest]) -> Digest:
    """The seed of a request's noise: what members know and nobody else can guess.

    Whoever knows the seed can take the noise off a model again, and ids of requests are counted. The content
    commitments of the revoked contributions are hashes with a random salt, and on the private chain alone.
    """
    return digest({"request_id": request_id, "content_commitments": sorted(commitments)})
