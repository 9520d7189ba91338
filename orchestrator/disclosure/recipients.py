"""Whom reports are sealed to: members' keys, each signed by its member, and several of them as one contact object."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from orchestrator.commitment.eip712 import Domain, struct_hash
from orchestrator.commitment.signatures import recover
from orchestrator.disclosure.moments import shown
from orchestrator.disclosure.opening import address_in
from orchestrator.disputes.files import read_bytes
from orchestrator.envelope.prekeys import prekey_digest
from orchestrator.envelope.sealing import usable_recipients
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import Document, digest
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.entities import Member
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import word
from orchestrator.types import Address, Digest, OrganisationId

RECIPIENT_TYPE = "DisclosureRecipient(bytes32 statement)"
CONTACT_LIMIT = 256 * 1024
_SIGNATURE = re.compile("0x[0-9a-f]{130}")


@dataclass(frozen=True, slots=True)
class Place:
    """Which registry reports go to; ``from_block`` is one before which it has no events."""

    consortium_id: Digest
    chain_id: int
    registry: Address
    from_block: int

    def members(self) -> Document:
        return {
            "consortium_id": self.consortium_id,
            "public_chain_id": str(self.chain_id),
            "registry": self.registry,
            "from_block": self.from_block,
        }


@dataclass(frozen=True, slots=True)
class Recipient(CanonicalObject):
    """One member's key for reports (``loranchor/disclosure-recipient`` 1), signed by its delegate or authority.

    Attributes:
        public: HPKE public key, of the form of a prekey. expires: seconds of UTC after which nobody seals to it.
        signature: 65 bytes, of :meth:`message`; who may have signed is the public chain's to say.
    """

    format: ClassVar[str] = "loranchor/disclosure-recipient"
    place: ClassVar[str] = "recipient"

    where: Place
    organisation: OrganisationId
    public: bytes
    expires: int
    signature: bytes = b""

    @property
    def key(self) -> Digest:
        return prekey_digest(self.public)

    def message(self) -> bytes:
        """The EIP-712 digest to sign: it is bound to the chain and the registry."""
        statement = {name: value for name, value in self.document().items() if name != "signature"}
        domain = Domain("LoRAnchor DisclosureRegistry", self.where.chain_id, self.where.registry)
        return domain.digest(struct_hash(RECIPIENT_TYPE, word(digest(statement))))

    def signed(self, sign: Callable[[bytes], bytes]) -> Recipient:
        return Recipient(self.where, self.organisation, self.public, self.expires, sign(self.message()))

    def members(self) -> Document:
        return {
            **self.where.members(),
            "organisation": self.organisation,
            "key": base64.b64encode(self.public).decode(),
            "expires": self.expires,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def read(cls, reader: Reader) -> Recipient:
        where = Place(
            reader.digest("consortium_id"),
            reader.decimal("public_chain_id"),
            address_in(reader, "registry"),
            reader.integer("from_block"),
        )
        name, public, expires = reader.organisation("organisation"), base64_in(reader, "key"), reader.integer("expires")
        signature = reader.text("signature")
        if not _SIGNATURE.fullmatch(signature):
            reader.bad("signature", "is not 0x and 130 lower-case hexadecimal digits")
        return cls(where, name, public, expires, bytes.fromhex(signature[2:]))


def read_recipient(path: Path) -> Recipient:
    """A member's statement, out of its file.

    Raises:
        ConfigurationError: there is no such file. FormatError: it is no statement; names the file.
    """
    data = read_bytes(path, limit=CONTACT_LIMIT, mend="name a file that `loranchor disclosure key` wrote")
    try:
        return Recipient.from_bytes(data)
    except FormatError as error:
        raise FormatError(f"{path}: {error.message}", mend=error.mend) from error


@dataclass(frozen=True, slots=True)
class Contact(CanonicalObject):
    """All recipients of a consortium (``loranchor/disclosure-contact`` 1): on IPFS, its CID in security.txt."""

    format: ClassVar[str] = "loranchor/disclosure-contact"
    place: ClassVar[str] = "contact"

    recipients: tuple[Recipient, ...]

    @property
    def where(self) -> Place:
        return self.recipients[0].where

    @property
    def expires(self) -> int:
        """When the first of its keys does."""
        return min(item.expires for item in self.recipients)

    @classmethod
    def of(cls, recipients: Iterable[Recipient]) -> Contact:
        """In order of names. FormatError: none, one organisation twice, or of two registries."""
        ordered = tuple(sorted(recipients, key=lambda item: item.organisation))
        if not ordered or len({item.organisation for item in ordered}) != len(ordered):
            raise FormatError("a contact names at least one organisation, and none twice")
        if len({item.where for item in ordered}) != 1:
            raise FormatError("the recipients of a contact name different registries")
        return cls(ordered)

    def members(self) -> Document:
        return {"recipients": [item.document() for item in self.recipients]}

    @classmethod
    def read(cls, reader: Reader) -> Contact:
        items = reader.take("recipients")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            reader.bad("recipients", "is not a list of objects")
        found = [Recipient.from_document(item) for item in items]
        if found != sorted(found, key=lambda item: item.organisation):
            reader.bad("recipients", "is not in the order of names")
        return cls.of(found)


@dataclass(frozen=True, slots=True)
class Examined:
    """Which recipients of a contact a report is sealed to, and why not to the others."""

    good: tuple[Recipient, ...]
    passed_over: tuple[str, ...]


def examine(recipients: Iterable[Recipient], seats: Iterable[Member], now: int) -> Examined:
    """Compare keys with the members on the public chain: whoever wrote the contact cannot slip a key of his own in.

    Args:
        seats: of the consortium that the registry names. now: seconds of UTC.
    """
    known = {seat.organisation: seat for seat in seats}
    good, bad = [], []
    for item in recipients:
        if why := _fault(item, known.get(item.organisation), now):
            bad.append(f"{item.organisation}: {why}")
        else:
            good.append(item)
    return Examined(tuple(good), tuple(bad))


def _fault(item: Recipient, seat: Member | None, now: int) -> str:
    if seat is None:
        return "is no member on the public chain"
    if item.expires <= now:
        return f"its key expired at {shown(item.expires)}"
    try:
        signer = recover(item.message(), item.signature)
    except FormatError as error:
        return f"its key is not signed: {error.message}"
    if signer not in (seat.delegate, seat.authority):
        return f"its key is signed by {signer}, which is neither its delegate nor its authority"
    return "" if usable_recipients({item.organisation: item.public}) else "its key is no HPKE key"


def base64_in(reader: Reader, name: str) -> bytes:
    """A member that is bytes in base64, written the one way; FormatError else."""
    text = reader.text(name)
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        reader.bad(name, "is not base64")
    if base64.b64encode(data).decode() != text:
        reader.bad(name, "is not canonical base64")
    return data
