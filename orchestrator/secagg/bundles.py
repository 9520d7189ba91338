"""Shares of a member's two secrets, each sealed to its holder (``loranchor/secagg-shares`` 1).

A holder's two shares are sealed by HPKE to its prekey of the round, as content keys are, and the dealer commits to
each share: so a holder knows at once whether it has what was dealt, and later everybody sees whether what a holder
reveals is what it was given.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self

from cryptography.exceptions import InvalidTag

from orchestrator.envelope.prekeys import load_private, load_public, prekey_digest, public_of
from orchestrator.envelope.sealing import HPKE_SUITE
from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import Document, canonical_bytes, digest
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import hex_word, word
from orchestrator.secagg.keys import Secrets
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.shamir import PRIME, split
from orchestrator.secagg.terms import Terms
from orchestrator.types import Digest, OrganisationId

SHARE = 32
"""Bytes of a share."""

Secret = Literal["mask_key", "seed"]
"""Which of a member's two secrets."""


@dataclass(frozen=True, slots=True)
class Held:
    """A holder's part of a bundle.

    Attributes:
        prekey: digest of the prekey that it is sealed to. sealed: HPKE ciphertext of both shares; empty where that
            is none that anything can be sealed to, so that one bad prekey does not keep all others from dealing.
        mask_key, seed: commitments to the two shares.
    """

    organisation: OrganisationId
    prekey: Digest
    mask_key: Digest
    seed: Digest
    sealed: bytes = field(repr=False)

    def commitment(self, secret: Secret) -> Digest:
        return self.mask_key if secret == "mask_key" else self.seed


@dataclass(frozen=True, slots=True)
class Shares:
    """What a holder keeps of one dealer's secrets."""

    mask_key: bytes = field(repr=False)
    seed: bytes = field(repr=False)

    def of(self, secret: Secret) -> bytes:
        return self.mask_key if secret == "mask_key" else self.seed


@dataclass(frozen=True, slots=True)
class Bundle(CanonicalObject):
    """What a dealer gives all holders, itself among them; see the module."""

    format: ClassVar[str] = "loranchor/secagg-shares"
    place: ClassVar[str] = "shares"

    session: Digest
    organisation: OrganisationId
    holders: tuple[Held, ...]

    def held_by(self, holder: OrganisationId) -> Held:
        """Raises SecaggRefused: NOT_A_MEMBER."""
        for found in self.holders:
            if found.organisation == holder:
                return found
        raise SecaggRefused(Reason.NOT_A_MEMBER, f"{self.organisation} dealt {holder} no share")

    def members(self) -> Document:
        return {
            "session": self.session,
            "organisation": self.organisation,
            "holders": [
                {
                    "organisation": found.organisation,
                    "prekey": found.prekey,
                    "mask_key": found.mask_key,
                    "seed": found.seed,
                    "sealed": base64.b64encode(found.sealed).decode(),
                }
                for found in self.holders
            ],
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        holders = tuple(map(_held, reader.inners("holders")))
        return cls(reader.digest("session"), reader.organisation("organisation"), holders)


def deal(terms: Terms, me: OrganisationId, own: Secrets, prekeys: Mapping[OrganisationId, bytes]) -> Bundle:
    """Share both secrets among all parties.

    Args:
        prekeys: each party's public prekey of the round, out of the ``KeyDirectory``.

    Raises:
        SecaggRefused: NOT_A_MEMBER, or BAD_KEY for a party without a prekey.
    """
    terms.place_of(me)
    count = len(terms.parties)
    keys, seeds = split(own.mask_key, terms.threshold, count), split(own.seed, terms.threshold, count)
    dealt = zip(terms.parties, map(Shares, keys, seeds), strict=True)
    if without := sorted(set(terms.parties) - prekeys.keys()):
        raise SecaggRefused(Reason.BAD_KEY, f"{', '.join(without)} had no prekey to seal shares to")
    holders = tuple(_sealed(terms, me, holder, shares, prekeys[holder]) for holder, shares in dealt)
    return Bundle(terms.session, me, holders)


def check_bundle(terms: Terms, bundle: Bundle, sender: OrganisationId) -> None:
    """Refuse a bundle that is of another session or sender, or that leaves a party out.

    Raises:
        SecaggRefused: REPLAYED, FORGED, NOT_A_MEMBER or BAD_DEAL.
    """
    terms.check_session(bundle.session, f"the shares of {bundle.organisation}")
    if bundle.organisation != sender:
        raise SecaggRefused(Reason.FORGED, f"{sender} recorded shares in the name of {bundle.organisation}")
    terms.place_of(sender)
    if (dealt := tuple(found.organisation for found in bundle.holders)) != terms.parties:
        raise SecaggRefused(Reason.BAD_DEAL, f"{sender} dealt to {', '.join(dealt)}, not to all parties in their order")


def open_shares(terms: Terms, bundle: Bundle, me: OrganisationId, prekey_private: bytes) -> Shares:
    """A holder's two shares of one dealer's secrets.

    Raises:
        SecaggRefused: BAD_DEAL where they do not open, or are not those that the dealer committed to. The round goes on
            without this holder's share of that dealer.
    """
    held, dealer = bundle.held_by(me), bundle.organisation
    own = prekey_digest(public_of(prekey_private))
    if held.prekey != own:
        raise SecaggRefused(Reason.BAD_DEAL, f"{dealer} sealed {me}'s shares to prekey {held.prekey}, not to {own}")
    info = _info(terms, dealer, me, own)
    try:
        opened = HPKE_SUITE.decrypt(held.sealed, load_private(prekey_private), info)
    except (InvalidTag, ValueError):
        raise SecaggRefused(Reason.BAD_DEAL, f"the shares that {dealer} sealed to {me} do not open") from None
    if len(opened) != 2 * SHARE:
        raise SecaggRefused(Reason.BAD_DEAL, f"{dealer} sealed {len(opened)} bytes to {me}, not two shares")
    shares = Shares(opened[:SHARE], opened[SHARE:])
    for secret in ("mask_key", "seed"):
        if share_commitment(terms, dealer, me, secret, shares.of(secret)) != held.commitment(secret):
            raise SecaggRefused(Reason.BAD_DEAL, f"{dealer} gave {me} another share of its {secret} than it says")
    return shares


def check_share(terms: Terms, bundle: Bundle, holder: OrganisationId, secret: Secret, share: bytes) -> None:
    """Refuse a revealed share that is not the one dealt.

    Raises:
        SecaggRefused: WRONG_SHARE.
    """
    dealer = bundle.organisation
    known = share_commitment(terms, dealer, holder, secret, share) == bundle.held_by(holder).commitment(secret)
    if not known or int.from_bytes(share, "big") >= PRIME:
        raise SecaggRefused(Reason.WRONG_SHARE, f"{holder} reveals no share of the {secret} of {dealer} that was dealt")


def share_commitment(terms: Terms, dealer: str, holder: str, secret: Secret, share: bytes) -> Digest:
    """Binds a dealer to a share; each share by itself is 256 random bits."""
    parts = {"session": terms.session, "dealer": dealer, "holder": holder, "secret": secret, "share": hex_word(share)}
    return digest(parts)


def _sealed(terms: Terms, me: OrganisationId, holder: OrganisationId, shares: Shares, prekey: bytes) -> Held:
    key = prekey_digest(prekey)
    try:
        both = shares.mask_key + shares.seed
        sealed = HPKE_SUITE.encrypt(both, load_public(prekey), _info(terms, me, holder, key))
    except (EnvelopeError, ValueError):
        sealed = b""
    commitments = [share_commitment(terms, me, holder, secret, shares.of(secret)) for secret in ("mask_key", "seed")]
    return Held(holder, key, commitments[0], commitments[1], sealed)


def _info(terms: Terms, dealer: OrganisationId, holder: OrganisationId, prekey: Digest) -> bytes:
    """HPKE ``info``: ties a holder's shares to session, dealer, holder and prekey."""
    names = canonical_bytes({"dealer": dealer, "holder": holder})
    return b"loranchor/secagg-shares/1" + word(terms.session) + word(prekey) + names


def _held(reader: Reader) -> Held:
    text = reader.text("sealed", empty=True)
    try:
        sealed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        reader.bad("sealed", "is not base64")
    if base64.b64encode(sealed).decode() != text:
        reader.bad("sealed", "is not canonical base64")
    name, prekey = reader.organisation("organisation"), reader.digest("prekey")
    found = Held(name, prekey, reader.digest("mask_key"), reader.digest("seed"), sealed)
    reader.end()
    return found
