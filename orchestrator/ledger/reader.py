"""Reads the members of a canonical document one by one, and says by name which one is missing, unknown or malformed."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, NoReturn

from orchestrator.errors import FormatError
from orchestrator.ledger import words
from orchestrator.ledger.canonical import SAFE_INTEGER
from orchestrator.types import Digest, OrganisationId


class Reader:
    """A document, or an object inside it.

    Args:
        value: the object. place: how errors name it, such as ``task.privacy``.
    """

    def __init__(self, value: object, place: str) -> None:
        self.place = place
        if not isinstance(value, Mapping):
            self._refuse("is not an object")
        self._value: Mapping[str, Any] = value
        self._read: set[str] = {"format", "version"}

    def take(self, name: str) -> Any:
        """The member as it is; FormatError when it is missing."""
        if name not in self._value:
            self._refuse(f"lacks {name}")
        self._read.add(name)
        return self._value[name]

    def has(self, name: str) -> bool:
        return name in self._value

    def names(self) -> tuple[str, ...]:
        """Names of all members, ascending; for objects that are keyed by names."""
        return tuple(sorted(map(str, self._value)))

    def inner(self, name: str) -> Reader:
        return Reader(self.take(name), f"{self.place}.{name}")

    def inners(self, name: str) -> tuple[Reader, ...]:
        """A list of objects."""
        value = self.take(name)
        if not isinstance(value, (list, tuple)):
            self.bad(name, "is not a list")
        return tuple(Reader(item, f"{self.place}.{name}[{place}]") for place, item in enumerate(value))

    def text(self, name: str, *, empty: bool = False) -> str:
        value = self.take(name)
        if not isinstance(value, str) or not (value or empty):
            self.bad(name, "is not text" if empty else "is not text, or empty")
        return value

    def choice(self, name: str, allowed: Set[str]) -> str:
        value = self.take(name)
        if not isinstance(value, str) or value not in allowed:
            self.bad(name, f"is {value!r}; one of {', '.join(sorted(allowed))} is expected")
        return value

    def integer(self, name: str, *, least: int = 0, most: int = SAFE_INTEGER) -> int:
        value = self.take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.bad(name, f"is {value!r}; an integer from {least} to {most} is expected")
        return value

    def decimal(self, name: str) -> int:
        """A natural number written as a decimal string, below 2²⁵⁶."""
        value = self.take(name)
        if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > 78:
            self.bad(name, f"is {value!r}; a decimal string is expected")
        number = int(value)
        if str(number) != value or number >= 2**256:
            self.bad(name, f"is {value!r}; a decimal string below 2^256 without leading zeros is expected")
        return number

    def flag(self, name: str) -> bool:
        value = self.take(name)
        if not isinstance(value, bool):
            self.bad(name, f"is {value!r}; true or false is expected")
        return value

    def digest(self, name: str) -> Digest:
        value = self.text(name)
        if not words.DIGEST.fullmatch(value):
            self.bad(name, f"is {value!r}; 0x and 64 lower-case hexadecimal digits are expected")
        return Digest(value)

    def organisation(self, name: str) -> OrganisationId:
        value = self.text(name)
        if not words.ORGANISATION.fullmatch(value):
            self.bad(name, f"is {value!r}, which is not an organisation's name")
        return OrganisationId(value)

    def texts(self, name: str, *, least: int = 0) -> tuple[str, ...]:
        value = self.take(name)
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item for item in value):
            self.bad(name, "is not a list of texts")
        if len(value) < least or len(set(value)) != len(value):
            self.bad(name, f"has fewer than {least} items, or one twice")
        return tuple(value)

    def organisations(self, name: str, *, least: int = 0) -> tuple[OrganisationId, ...]:
        """Names in ascending order."""
        values = self.ascending(name, least=least)
        if not all(words.ORGANISATION.fullmatch(item) for item in values):
            self.bad(name, "is not a list of organisations")
        return tuple(OrganisationId(item) for item in values)

    def digests(self, name: str, *, least: int = 0) -> tuple[Digest, ...]:
        """Digests in ascending order."""
        values = self.ascending(name, least=least)
        if not all(words.DIGEST.fullmatch(item) for item in values):
            self.bad(name, "is not a list of 0x and 64 lower-case hexadecimal digits each")
        return tuple(Digest(item) for item in values)

    def label(self, name: str) -> str:
        """Text that fits a 32-byte word of the contracts."""
        value = self.text(name)
        try:
            words.label_word(value)
        except FormatError:
            self.bad(name, f"is {value!r}; at most 32 printable ASCII characters are expected")
        return value

    def integers(self, name: str, *, least: int = 1) -> tuple[int, ...]:
        value = self.take(name)
        numbers = isinstance(value, (list, tuple)) and all(
            isinstance(item, int) and not isinstance(item, bool) and least <= item <= SAFE_INTEGER for item in value
        )
        if not numbers or not value or len(set(value)) != len(value):
            self.bad(name, f"is not a list of different integers from {least}")
        return tuple(value)

    def ascending(self, name: str, *, least: int = 0) -> tuple[str, ...]:
        values = self.texts(name, least=least)
        if list(values) != sorted(values):
            self.bad(name, "is not in ascending order")
        return values

    def end(self) -> None:
        """Refuses members that nobody read: what is not understood must not be agreed to."""
        if unknown := sorted(set(self._value) - self._read):
            self._refuse(f"has the unknown member {unknown[0]}")

    def bad(self, name: str, what: str) -> NoReturn:
        """Refuses one member."""
        raise FormatError(f"{self.place}.{name} {what}")

    def _refuse(self, what: str) -> NoReturn:
        raise FormatError(f"{self.place} {what}")
