"""What opens a commitment on the chain: the report, its salt and its reporter (``loranchor/disclosure-opening`` 1)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from eth_hash.auto import keccak

from orchestrator.disclosure.report import LIMIT as REPORT_LIMIT
from orchestrator.disclosure.report import Report
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.files import write_atomic
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import ADDRESS, address_bytes, word
from orchestrator.types import Address, Digest

FORMAT = "loranchor/disclosure-opening"
LIMIT = REPORT_LIMIT + 4096


@dataclass(frozen=True, slots=True)
class Opening(CanonicalObject):
    """A report with what its commitment was made of. Whoever has it can publish the report after the embargo.

    Attributes:
        chain_id, registry: the public chain and its ``DisclosureRegistry``.
    """

    format: ClassVar[str] = FORMAT
    place: ClassVar[str] = "opening"

    chain_id: int
    registry: Address
    reporter: Address
    salt: Digest
    report: Report

    @property
    def commitment(self) -> Digest:
        """keccak256(abi.encode(reportDigest, salt, reporter)): nobody else's, whoever copies it."""
        encoded = word(self.report.digest) + word(self.salt) + bytes(12) + address_bytes(self.reporter)
        return Digest("0x" + keccak(encoded).hex())

    def members(self) -> Document:
        return {
            "public_chain_id": str(self.chain_id),
            "registry": self.registry,
            "reporter": self.reporter,
            "salt": self.salt,
            "report": self.report.document(),
        }

    @classmethod
    def read(cls, reader: Reader) -> Opening:
        return cls(
            chain_id=reader.decimal("public_chain_id"),
            registry=address_in(reader, "registry"),
            reporter=address_in(reader, "reporter"),
            salt=reader.digest("salt"),
            report=Report.from_document(mapping_in(reader, "report")),
        )


def address_in(reader: Reader, name: str) -> Address:
    """A member that is an address; FormatError else."""
    text = reader.text(name)
    if not ADDRESS.fullmatch(text):
        reader.bad(name, f"is {text!r}; 0x and 40 lower-case hexadecimal digits are expected")
    return Address(text)


def mapping_in(reader: Reader, name: str) -> Document:
    """A member that is an object with a format of its own; FormatError else."""
    value = reader.take(name)
    if not isinstance(value, dict):
        reader.bad(name, "is not an object")
    return dict(value)


def read_opening(path: Path) -> Opening:
    """Read a file that ``disclosure report`` or ``disclosure open`` wrote.

    Raises:
        ConfigurationError: there is no such file. FormatError: it is no opening.
    """
    mend = "name the file that `loranchor disclosure report` or `open` wrote"
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", mend=mend) from error
    try:
        if len(data) > LIMIT:
            raise FormatError(f"it has more than the {LIMIT} bytes of an opening")
        return Opening.from_bytes(data)
    except FormatError as error:
        raise FormatError(f"{path}: {error.message}", mend=error.mend or mend) from error


def write_opening(path: Path, opening: Opening) -> None:
    """Write it for its owner's eyes alone, unless the very same is there.

    Raises:
        ConfigurationError: something else is there, or it cannot be written.
    """
    data = opening.to_bytes()
    try:
        if path.exists():
            if path.read_bytes() != data:
                raise ConfigurationError(f"{path} exists and holds something else", mend="name another file")
            return
        write_atomic(path, data, mode=0o600)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}", mend="name another file") from error
