"""One piece of text, with its label where there is one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """``label`` is a class number from 0, or None for plain text."""

    text: str
    label: int | None = None
