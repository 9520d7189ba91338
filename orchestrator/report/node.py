"""A value of a JSON document that knows where it stands, so that an error can name the place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from orchestrator.errors import FormatError

T = TypeVar("T")

_DECIMAL = re.compile(r"[0-9]{1,78}")
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "an integer", float: "a number"}
_MEND = "make the summary again with the same version of LoRAnchor"


class Node:
    """One place in a document.

    Args:
        value: what ``json.loads`` gave.
        path: where it stands, such as ``rounds[0].gas``.
    """

    def __init__(self, value: Any, path: str = "") -> None:
        self.value = value
        self.path = path

    def fail(self, expected: str) -> FormatError:
        """The error that says what was expected here and what is there instead."""
        found = "null" if self.value is None else _KINDS.get(type(self.value), type(self.value).__name__)
        return FormatError(f"summary: {self.path or 'the whole'} must be {expected}, not {found}", mend=_MEND)

    def need(self, key: str) -> Node:
        """The member ``key``.

        Raises:
            FormatError: this is no object or has no such member.
        """
        found = self.get(key)
        if found is None:
            raise FormatError(f"summary: {self._below(key)} is missing", mend=_MEND)
        return found

    def get(self, key: str) -> Node | None:
        """The member ``key``; ``None`` when it is absent or null."""
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        found = self.value.get(key)
        return None if found is None else Node(found, self._below(key))

    def maybe(self, key: str, read: Callable[[Node], T]) -> T | None:
        """``read`` of the member ``key``; ``None`` when it is absent or null."""
        found = self.get(key)
        return None if found is None else read(found)

    def members(self) -> Iterator[tuple[str, Node]]:
        """Every member of this object."""
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        for key, value in self.value.items():
            yield key, Node(value, self._below(key))

    def items(self) -> Iterator[Node]:
        """Every item of this list."""
        if not isinstance(self.value, list):
            raise self.fail("a list")
        for index, value in enumerate(self.value):
            yield Node(value, f"{self.path}[{index}]")

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
            raise FormatError(f"summary: {self.path} must be 0 or more, not {self.value}", mend=_MEND)
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
            raise FormatError(f"summary: {self.path} must be a finite number", mend=_MEND)
        return number

    def decimal(self) -> int:
        """An integer written as a text of decimal digits, as uint256 values are."""
        text = self.text()
        if not _DECIMAL.fullmatch(text):
            raise self.fail("decimal digits in a text")
        return int(text)

    def one_of(self, *allowed: str) -> str:
        text = self.text()
        if text not in allowed:
            raise FormatError(f"summary: {self.path} is {text!r}, not one of {', '.join(allowed)}", mend=_MEND)
        return text

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
