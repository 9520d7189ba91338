"""What a model answers in place of a contract: an error by its name and values."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The contract will revert with this custom error. Raised before the model has changed anything."""

    def __init__(self, error: str, *values: Any) -> None:
        super().__init__(f"{error}{values!r}")
        self.error = error
        self.values = values


def refuse(condition: bool, error: str, *values: Any) -> None:
    """Refuses where the condition holds."""
    if condition:
        raise Refused(error, *values)
