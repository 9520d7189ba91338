"""A value of a JSON document that knows where it stands, so that an error can name the place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from orchestrator.errors import FormatError
from orchestrator.types import MILLION

T = TypeVar("T")

_DECIMAL = re.compile(r"[0-9]{1,78}")
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "an integer", float: "a number"}
_MOST = 1 << 53


@dataclass(frozen=True, slots=True)
class Source:
    """What a document is called in an error, and what mends one that is wrong."""

    name: str
    mend: str


SUMMARY = Source("summary", "make the summary again with the same version of LoRAnchor")


class Node:
    """One place in a document.

    Args:
        value: what ``json.loads`` gave.
        path: where it stands, such as ``rounds[0].gas``.
        source: of which document.
    """

    def __init__(self, value: Any, path: str = "", source: Source = SUMMARY) -> None:
        self.value = value
        self.path = path
        self.source = source

    def error(self, problem: str) -> FormatError:
        """The error that says what is wrong in this document."""
        return FormatError(f"{self.source.name}: {problem}", mend=self.source.mend)

    def fail(self, expected: str) -> FormatError:
        """The error that says what was expected here and what is there instead."""
        found = "null" if self.value is None else _KINDS.get(type(self.value), type(self.value).__name__)
        return self.error(f"{self.path or 'the whole'} must be {expected}, not {found}")

    def need(self, key: str) -> Node:
        """The member ``key``.

        Raises:
            FormatError: this is no object or has no such member.
        """
        found = self.get(key)
        if found is None:
            raise self.error(f"{self._below(key)} is missing")
        return found

    def get(self, key: str) -> Node | None:
        """The member ``key``; ``None`` when it is absent or null."""
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        found = self.value.get(key)
        return None if found is None else self._inner(found, self._below(key))

    def maybe(self, key: str, read: Callable[[Node], T]) -> T | None:
        """``read`` of the member ``key``; ``None`` when it is absent or null."""
        found = self.get(key)
        return None if found is None else read(found)

    def members(self) -> Iterator[tuple[str, Node]]:
        """Every member of this object."""
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        for key, value in self.value.items():
            yield key, self._inner(value, self._below(key))

    def items(self) -> Iterator[Node]:
        """Every item of this list."""
        if not isinstance(self.value, list):
            raise self.fail("a list")
        for index, value in enumerate(self.value):
            yield self._inner(value, f"{self.path}[{index}]")

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.fail("a text")
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fail("true or false")
        return self.value

    def count(self) -> int:
        """An integer of 0 or more."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.fail("an integer")
        if self.value < 0:
            raise self.error(f"{self.path} must be 0 or more, not {self.value}")
        return self.value

    def number(self) -> float:
        """A finite number."""
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            raise self.fail("a number")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.error(f"{self.path} must be a finite number")
        return number

    def millionths(self) -> float:
        """A number that is written as an integer of millionths, as canonical objects have it."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.fail("an integer of millionths")
        if abs(self.value) > _MOST:
            raise self.error(f"{self.path} is beyond what canonical objects hold")
        return self.value / MILLION

    def decimal(self) -> int:
        """An integer written as a text of decimal digits, as uint256 values are."""
        text = self.text()
        if not _DECIMAL.fullmatch(text):
            raise self.fail("decimal digits in a text")
        return int(text)

    def one_of(self, *allowed: str) -> str:
        text = self.text()
        if text not in allowed:
            raise self.error(f"{self.path} is {text!r}, not one of {', '.join(allowed)}")
        return text

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _inner(self, value: Any, path: str) -> Node:
        return Node(value, path, self.source)


def list_of(node: Node, key: str, read: Callable[[Node], T]) -> tuple[T, ...]:
    """``read`` of each item of the list ``key``; empty when it is absent or null."""
    found = node.get(key)
    return () if found is None else tuple(read(item) for item in found.items())


def table_of(node: Node, key: str, read: Callable[[Node], T]) -> dict[str, T]:
    """``read`` of each member of the object ``key`` that is not null; empty when it is absent or null."""
    found = node.get(key)
    return {} if found is None else {name: read(item) for name, item in found.members() if item.value is not None}
