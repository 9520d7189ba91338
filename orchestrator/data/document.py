"""One piece of text, with its label where there is one."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.samples import sample_id
from orchestrator.types import Digest


@dataclass(frozen=True, slots=True)
class Document:
    """``label`` is a class number from 0, or None for plain text.

    Attributes:
        known_as: its id, where the text is no longer the one that its owner knows; None where it is.
    """

    text: str
    label: int | None = None
    known_as: Digest | None = None

    @property
    def id(self) -> Digest:
        """What it is called when it is withdrawn: the id of the text as its owner has it."""
        return self.known_as or sample_id(self.text)
