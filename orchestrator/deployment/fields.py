"""Reading the fields of a JSON object, with errors that name the place."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from orchestrator.errors import ConfigurationError

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]*")
DIGEST = re.compile(r"0x[0-9a-fA-F]{64}")
ORGANISATION = re.compile(r"[a-z][a-z0-9-]{0,30}")
NAME = re.compile(r"[!-~]{1,32}")
LONGEST = 100


class Fields:
    """One object. A field with a default may be left out."""

    def __init__(self, document: Any, place: str) -> None:
        if not isinstance(document, dict):
            raise ConfigurationError(f"{place} is not an object")
        self._document = document
        self._place = place

    def text(self, name: str, default: str | None = None) -> str:
        value = self._value(name, default)
        if not isinstance(value, str) or not value or not value.isprintable():
            raise self._wrong(name, value, "a text of one line")
        return value

    def integer(self, name: str, default: int | None = None, *, minimum: int = 0, maximum: int = 2**256 - 1) -> int:
        """A number, or a decimal string for one that JSON does not carry exactly."""
        value = self._value(name, default)
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,78}", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
            raise self._wrong(name, value, f"a whole number from {minimum} to {maximum}")
        return value

    def address(self, name: str) -> str:
        value = self._matching(name, ADDRESS, "an address")
        if int(value, 16) == 0:
            raise self._wrong(name, value, "an address other than zero")
        return value

    def digest(self, name: str) -> str:
        return self._matching(name, DIGEST, "32 bytes in hexadecimal")

    def organisation(self, name: str) -> str:
        return self._matching(name, ORGANISATION, "a name of a-z, 0-9 and -, at most 31 long")

    def identifier(self, name: str) -> str:
        """32 bytes in hexadecimal, or a short name that stands for its ASCII bytes, left-aligned."""
        value = self._value(name, None)
        if isinstance(value, str) and not value.startswith("0x") and NAME.fullmatch(value):
            return "0x" + value.encode("ascii").ljust(32, b"\0").hex()
        return self.digest(name)

    def items(self, name: str) -> list[Any]:
        value = self._value(name, None)
        if not isinstance(value, list):
            raise self._wrong(name, value, "a list")
        return value

    def arguments(self, name: str) -> tuple[Any, ...]:
        """Of a constructor or a call; what is hexadecimal in lower case, as addresses are everywhere."""
        items = self.items(name)
        return tuple(item.lower() if isinstance(item, str) and HEXADECIMAL.fullmatch(item) else item for item in items)

    def section(self, name: str, known: Collection[str] | None = None) -> Fields:
        """An object that may be left out; with ``known``, one that has no other fields."""
        section = Fields(self._document.get(name, {}), f"{self._place}: {name}")
        if known is not None:
            section.only(known)
        return section

    def only(self, known: Collection[str]) -> None:
        """Refuse a field that nobody reads: with a slip in its name, the default would be taken in silence."""
        for name in self._document:
            if name not in known:
                raise ConfigurationError(
                    f"{self._place}: nothing is called {shown(name)} here", mend=f"it may have {', '.join(known)}"
                )

    def _value(self, name: str, default: Any) -> Any:
        if name in self._document:
            return self._document[name]
        if default is None:
            raise ConfigurationError(f"{self._place} lacks {name}")
        return default

    def _matching(self, name: str, pattern: re.Pattern[str], wanted: str) -> str:
        value = self._value(name, None)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._wrong(name, value, wanted)
        return value.lower()

    def _wrong(self, name: str, value: Any, wanted: str) -> ConfigurationError:
        return ConfigurationError(f"{self._place}: {name} is {shown(value)}, not {wanted}")


def shown(value: Any) -> str:
    """A value for one line."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
