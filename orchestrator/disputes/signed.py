"""A checkpoint as one member signed it, as a file that members exchange (docs/formats/signed-checkpoint.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.commitment.checkpoints import checkpoint_content_digest, checkpoint_digest, head_of
from orchestrator.commitment.signatures import recover
from orchestrator.disputes.files import read_bytes, write_new
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import SAFE_INTEGER, Document
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import ADDRESS
from orchestrator.types import Address, Digest, OrganisationId

FORMAT = "loranchor/signed-checkpoint"
LIMIT = 16 * 1024
UINT64 = 2**64 - 1
_SIGNATURE = re.compile("0x[0-9a-f]{130}")


@dataclass(frozen=True, slots=True)
class SignedCheckpoint(CanonicalObject):
    """One member's signature of one checkpoint for one anchor.

    Attributes:
        organisation: who is said to have signed; :meth:`signer` is who did.
        chain_id, anchor: the public chain and its ``CheckpointAnchor``, which the signature is bound to.
    """

    format: ClassVar[str] = FORMAT
    place: ClassVar[str] = "signed checkpoint"

    checkpoint: Checkpoint
    organisation: OrganisationId
    signature: bytes
    chain_id: int
    anchor: Address

    @property
    def head(self) -> Digest:
        return head_of(self.checkpoint)

    @property
    def content(self) -> Digest:
        """What two of one sequence must not differ in."""
        return checkpoint_content_digest(self.checkpoint)

    @property
    def message(self) -> bytes:
        """The EIP-712 digest that was signed."""
        return checkpoint_digest(self.checkpoint, self.chain_id, self.anchor)

    def signer(self) -> Address:
        """The address whose key signed; FormatError when the signature is malformed."""
        return recover(self.message, self.signature)

    def members(self) -> Document:
        return {
            "public_chain_id": str(self.chain_id),
            "anchor": self.anchor,
            "checkpoint": _fields(self.checkpoint),
            "organisation": self.organisation,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def read(cls, reader: Reader) -> SignedCheckpoint:
        """Reads the members. The signature is not checked: who may have signed is the public chain's to say."""
        return cls(
            checkpoint=_checkpoint(reader.inner("checkpoint")),
            organisation=reader.organisation("organisation"),
            signature=_signature(reader),
            chain_id=reader.decimal("public_chain_id"),
            anchor=_anchor(reader),
        )


def _fields(checkpoint: Checkpoint) -> Document:
    """Whoever lies may sign any number, so that those beyond 2⁵³ must have a form, too: a decimal string."""
    values = {item.name: getattr(checkpoint, item.name) for item in fields(Checkpoint)}
    large = {name: str(value) for name, value in values.items() if isinstance(value, int) and value > SAFE_INTEGER}
    return {**values, **large, "private_chain_id": str(checkpoint.private_chain_id)}


def _checkpoint(reader: Reader) -> Checkpoint:
    for name in ("format", "version"):
        if reader.has(name):  # a reader passes over these: they belong to the document
            reader.bad(name, "does not belong there")
    values: dict[str, Any] = {}
    for item in fields(Checkpoint):
        if item.name == "private_chain_id":
            values[item.name] = reader.decimal(item.name)
        elif item.type == "int":
            values[item.name] = _number(reader, item.name)
        else:
            values[item.name] = reader.digest(item.name)
    reader.end()
    return Checkpoint(**values)


def _number(reader: Reader, name: str) -> int:
    if not isinstance(reader.take(name), str):
        return reader.integer(name)
    number = reader.decimal(name)
    if not SAFE_INTEGER < number <= UINT64:
        reader.bad(name, f"is the text {number}; an integer up to 2^53, or a longer one of 64 bits as text is expected")
    return number


def _signature(reader: Reader) -> bytes:
    text = reader.text("signature")
    if not _SIGNATURE.fullmatch(text):
        reader.bad("signature", "is not 0x and 130 lower-case hexadecimal digits")
    return bytes.fromhex(text[2:])


def _anchor(reader: Reader) -> Address:
    text = reader.text("anchor")
    if not ADDRESS.fullmatch(text):
        reader.bad("anchor", f"is {text!r}; 0x and 40 lower-case hexadecimal digits are expected")
    return Address(text)


def read_signed(path: Path) -> SignedCheckpoint:
    """Read a file.

    Raises:
        ConfigurationError: there is no such file. FormatError: it is no such document; names the file.
    """
    data = read_bytes(path, limit=LIMIT, mend="name a file that `loranchor checkpoint export` wrote")
    try:
        if len(data) > LIMIT:
            raise FormatError(f"it has more than the {LIMIT} bytes of a signed checkpoint")
        return SignedCheckpoint.from_bytes(data)
    except FormatError as error:
        raise FormatError(f"{path}: {error.message}", mend=error.mend) from error


def write_signed(path: Path, signed: SignedCheckpoint) -> Path:
    """Write a file, whole or not at all; see :func:`orchestrator.disputes.files.write_new`."""
    return write_new(path, signed.to_bytes())
