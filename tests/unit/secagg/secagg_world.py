"""Members of one secure aggregation in one process, each with a prekey and a book of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np

from orchestrator.envelope import generate_prekey
from orchestrator.secagg.book import Book, Statement
from orchestrator.secagg.bundles import Bundle
from orchestrator.secagg.keys import Announcement
from orchestrator.secagg.masked import MaskedUpdate
from orchestrator.secagg.masks import Units
from orchestrator.secagg.member import Member
from orchestrator.secagg.recover import Aggregate, aggregate
from orchestrator.secagg.reveals import Reveal
from orchestrator.secagg.terms import Terms, usual_threshold
from orchestrator.types import Address, Digest, OrganisationId

LEDGER = Address("0x" + "1e" * 20)
TASK = Digest("0x" + "7a" * 32)
LAYOUT = Digest("0x" + "1a" * 32)


def names(count: int) -> tuple[OrganisationId, ...]:
    return tuple(OrganisationId(f"org-{place}") for place in range(1, count + 1))


def terms(count: int = 8, *, words: int = 50, round: int = 1, **changes: int) -> Terms:
    chosen = {"threshold": usual_threshold(count), "ring_bits": 32, "clip": 1 << 20, "most_weight": 1} | changes
    return Terms(
        chain_id=1337, ledger=LEDGER, round=round, task=TASK, parties=names(count), words=words, layout=LAYOUT, **chosen
    )


@cache
def prekey(name: str) -> tuple[bytes, bytes]:
    """(private, public): made once a name, since ML-KEM keys take their time."""
    return generate_prekey()


def prekeys(found: Terms) -> dict[OrganisationId, bytes]:
    return {name: prekey(name)[1] for name in found.parties}


def updates(found: Terms, seed: int = 0) -> dict[OrganisationId, Units]:
    """Random updates within the clip, its ends among them."""
    drawn = np.random.default_rng(seed)
    made = {name: drawn.integers(-found.clip, found.clip + 1, found.words) for name in found.parties}
    for units in made.values():
        units[0], units[-1] = found.clip, -found.clip
    return made


class NoBook(Book):
    """Forgets at once, so that one deal serves many patterns of dropping out, as no member would let it."""

    def __init__(self) -> None:
        pass

    def claim(self, session: Digest, statements: Iterable[Statement]) -> None:
        pass

    def said(self, session: Digest, act: str, subject: str) -> None:
        return None

    def close(self) -> None:
        pass


class World:
    """A session with everything that its members have said so far.

    Args:
        folder: of the members' books; without, they have none.
    """

    def __init__(self, folder: Path | None = None, found: Terms | None = None) -> None:
        self.terms = found or terms()
        self.books = {name: Book(folder / f"{name}.sqlite") if folder else NoBook() for name in self.terms.parties}
        self.members = {
            name: Member(self.terms, name, prekey(name)[0], self.books[name]) for name in self.terms.parties
        }
        self.announced: dict[OrganisationId, Announcement] = {}
        self.bundles: dict[OrganisationId, Bundle] = {}
        self.masked: dict[OrganisationId, MaskedUpdate] = {}
        self.reveals: dict[OrganisationId, Reveal] = {}

    def close(self) -> None:
        for book in self.books.values():
            book.close()

    def dealt(self, without: Iterable[OrganisationId] = ()) -> World:
        """All but some have announced keys and dealt, and everybody has looked."""
        for name, member in self.members.items():
            if name not in set(without):
                self.announced[name] = member.announce()
                self.bundles[name] = member.deal(prekeys(self.terms))
        for member in self.members.values():
            member.take(self.announced, self.bundles)
        return self

    def sent(
        self, units: dict[OrganisationId, Units], without: Iterable[OrganisationId] = (), weight: int = 1
    ) -> World:
        """All dealers but some have sent their updates."""
        for name in self.bundles:
            if name not in set(without):
                self.masked[name] = self.members[name].mask(units[name], weight)
        return self

    def revealed(self, by: Iterable[OrganisationId] | None = None) -> World:
        for name in self.masked if by is None else by:
            self.reveals[name] = self.members[name].reveal(tuple(self.masked))
        return self

    def sum(self) -> Aggregate:
        return aggregate(self.terms, self.announced, self.bundles, self.masked, self.reveals)
