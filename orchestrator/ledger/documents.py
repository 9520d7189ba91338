"""What canonical objects share that are one flat document: bytes, digest, and reading them back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from orchestrator.ledger.canonical import Document, canonical_bytes, check_format, digest, parse
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest


class CanonicalObject(ABC):
    """A validated object of one format. Subclasses are frozen dataclasses of its members.

    Attributes:
        format: its name, as in the document. place: how errors name it.
    """

    __slots__ = ()
    format: ClassVar[str]
    place: ClassVar[str]

    @abstractmethod
    def members(self) -> Document:
        """The document without format and version."""

    @classmethod
    @abstractmethod
    def read(cls, reader: Reader) -> Self:
        """Reads every member; FormatError names one that is missing or malformed."""

    def document(self) -> Document:
        return {"format": self.format, "version": 1, **self.members()}

    def to_bytes(self) -> bytes:
        return canonical_bytes(self.document())

    @property
    def digest(self) -> Digest:
        return digest(self.document())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Reads canonical bytes."""
        return cls.from_document(parse(data, format=cls.format))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Reads a document; FormatError names a member that is missing, unknown or malformed."""
        check_format(document, format=cls.format)
        reader = Reader(document, cls.place)
        found = cls.read(reader)
        reader.end()
        return found
