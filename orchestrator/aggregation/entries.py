"""What a fold needs to know of a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ProtocolError
from orchestrator.ledger.hardenings import HardeningEntry
from orchestrator.types import OrganisationId, UpdateId

Opener = Callable[[UpdateId], AdapterDelta]
"""Fetches, decrypts, verifies and parses one contribution; called once each, one after the other."""


class Entry(Protocol):
    """An entry of a manifest; ``ledger.manifest`` entries and :class:`FoldEntry` both fit."""

    @property
    def update_id(self) -> UpdateId: ...
    @property
    def round(self) -> int: ...
    @property
    def organisation(self) -> OrganisationId: ...
    @property
    def weight(self) -> int: ...


AnyEntry = Entry | HardeningEntry
"""What a manifest lists."""


@dataclass(frozen=True, slots=True)
class FoldEntry:
    """One contribution and its weight, an integer over 2**32."""

    update_id: UpdateId
    round: int
    organisation: OrganisationId
    weight: int


def ordered(entries: Iterable[AnyEntry]) -> tuple[FoldEntry, ...]:
    """Contributions in the manifest's order, whatever order they came in; hardenings are none.

    Raises:
        ProtocolError: a contribution occurs twice, or a weight is negative.
    """
    plain = [
        FoldEntry(entry.update_id, entry.round, entry.organisation, entry.weight)
        for entry in entries
        if not isinstance(entry, HardeningEntry)
    ]
    plain.sort(key=lambda entry: (entry.round, entry.organisation, entry.update_id))
    seen: set[UpdateId] = set()
    for entry in plain:
        if entry.update_id in seen:
            raise ProtocolError(f"contribution {entry.update_id} occurs twice in one manifest")
        if entry.weight < 0:
            raise ProtocolError(f"contribution {entry.update_id} has the negative weight {entry.weight}")
        seen.add(entry.update_id)
    return tuple(plain)


def hardenings_of(entries: Iterable[AnyEntry]) -> tuple[HardeningEntry, ...]:
    """Hardenings in the manifest's order, whatever order they came in."""
    found = (entry for entry in entries if isinstance(entry, HardeningEntry))
    return tuple(sorted(found, key=lambda entry: (entry.round, entry.request_id)))
