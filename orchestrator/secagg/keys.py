"""A member's two secrets of one session, what it announces of them, and the keys of its masks.

The *mask key* is an X25519 key: with another member's it makes the mask of the two, which one adds and the other takes
away. The *seed* makes a mask of the member's own, which hides its update even where its mask key had to be recovered
because it seemed to be gone. Both are made for one session and never used in another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from orchestrator.ledger.canonical import Document, canonical_bytes, digest
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import hex_word, word
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.shamir import random_secret
from orchestrator.secagg.terms import Terms
from orchestrator.types import Digest, OrganisationId


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a member keeps: 32 bytes of its mask key, and 32 of its seed."""

    mask_key: bytes = field(repr=False)
    seed: bytes = field(repr=False)

    @classmethod
    def made(cls) -> Secrets:
        """New ones, for one session."""
        return cls(random_secret(), random_secret())


@dataclass(frozen=True, slots=True)
class Announcement(CanonicalObject):
    """What everybody knows of a member's secrets (``loranchor/secagg-keys`` 1).

    Attributes:
        mask_key: its public X25519 key. seed_commitment: see :func:`seed_commitment`.
    """

    format: ClassVar[str] = "loranchor/secagg-keys"
    place: ClassVar[str] = "keys"

    session: Digest
    organisation: OrganisationId
    mask_key: Digest
    seed_commitment: Digest

    def members(self) -> Document:
        return {
            "session": self.session,
            "organisation": self.organisation,
            "mask_key": self.mask_key,
            "seed_commitment": self.seed_commitment,
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            reader.digest("session"),
            reader.organisation("organisation"),
            reader.digest("mask_key"),
            reader.digest("seed_commitment"),
        )


def announcement(terms: Terms, me: OrganisationId, own: Secrets) -> Announcement:
    """What a member announces of its secrets."""
    terms.place_of(me)
    return Announcement(terms.session, me, public_key(own.mask_key), seed_commitment(terms, me, own.seed))


def public_key(mask_key: bytes) -> Digest:
    """The public half of a mask key."""
    return hex_word(X25519PrivateKey.from_private_bytes(mask_key).public_key().public_bytes_raw())


def seed_commitment(terms: Terms, member: OrganisationId, seed: bytes) -> Digest:
    """Binds a member to its seed; says nothing about it, which has 256 random bits."""
    return digest({"session": terms.session, "member": member, "seed": hex_word(seed)})


def check_announcement(terms: Terms, announced: Announcement, sender: OrganisationId) -> None:
    """Refuse keys that are of another session, of another than who recorded them, or no keys.

    Args:
        sender: whose transaction recorded the object's digest.

    Raises:
        SecaggRefused: REPLAYED, FORGED, NOT_A_MEMBER or BAD_KEY.
    """
    terms.check_session(announced.session, f"the announcement of {announced.organisation}")
    if announced.organisation != sender:
        raise SecaggRefused(Reason.FORGED, f"{sender} recorded keys in the name of {announced.organisation}")
    terms.place_of(sender)
    _exchanged(X25519PrivateKey.generate(), announced.mask_key, sender)  # a point of low order shows in use alone


def pair_key(terms: Terms, me: OrganisationId, mask_key: bytes, other: Announcement) -> bytes:
    """The key of the mask of two members, the same from either side: 32 bytes.

    Both names go into it, so that who announces another's key has no pair's mask of that other.

    Raises:
        SecaggRefused: BAD_KEY.
    """
    shared = _exchanged(X25519PrivateKey.from_private_bytes(mask_key), other.mask_key, other.organisation)
    return _derived(terms, "pair", shared, sorted((me, other.organisation)))


def self_key(terms: Terms, me: OrganisationId, seed: bytes) -> bytes:
    """The key of a member's own mask: 32 bytes."""
    return _derived(terms, "self", seed, [me])


def _exchanged(private: X25519PrivateKey, public: Digest, whose: OrganisationId) -> bytes:
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(word(public)))
    except ValueError:
        raise SecaggRefused(Reason.BAD_KEY, f"the mask key {public} of {whose} is no usable X25519 key") from None


def _derived(terms: Terms, use: str, material: bytes, names: list[OrganisationId]) -> bytes:
    """HKDF-SHA256 (RFC 5869) with the session as salt and the canonical use and names as info."""
    info = canonical_bytes({"format": "loranchor/secagg-mask", "version": 1, "use": use, "members": names})
    return HKDF(SHA256(), 32, word(terms.session), info).derive(material)
