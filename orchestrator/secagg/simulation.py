"""A masked round in one process: real members, real objects, and no chain.

Every object goes through its bytes, as it would through IPFS, and each member knows only what was sent to it. What the
private chain would tell, who recorded what and whose updates are there, is told by the order of the calls.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

from orchestrator.envelope import Commitments, Context, generate_prekey, open_payload, seal, unwrap
from orchestrator.privacy.secagg import protect_masked
from orchestrator.secagg.book import Book
from orchestrator.secagg.bundles import Bundle
from orchestrator.secagg.keys import Announcement
from orchestrator.secagg.masked import MaskedUpdate
from orchestrator.secagg.masks import Units
from orchestrator.secagg.member import Member
from orchestrator.secagg.recover import Aggregate, aggregate
from orchestrator.secagg.reveals import Reveal
from orchestrator.secagg.terms import Terms
from orchestrator.types import ZERO_DIGEST, OrganisationId


@dataclass(frozen=True, slots=True)
class Played:
    """How a simulated round went.

    Attributes:
        found: the sum, as every member that came to the end computed it.
        sizes: bytes that one member sent, by object. seconds: of the processor, all members together, by step.
        members: with their secrets, for what comes after a round.
        announced, masked: what the members said, as the others read it.
    """

    found: Aggregate
    sizes: Mapping[str, int]
    seconds: Mapping[str, float]
    members: Mapping[OrganisationId, Member] = field(repr=False)
    announced: Mapping[OrganisationId, Announcement] = field(repr=False)
    masked: Mapping[OrganisationId, MaskedUpdate] = field(repr=False)


class _Clock:
    """Seconds of the processor by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = process_time()

    def lap(self, step: str) -> None:
        now = process_time()
        self.seconds[step] = now - self._since
        self._since = now


def play(
    terms: Terms,
    updates: Mapping[OrganisationId, Units],
    folder: Path,
    *,
    gone: Collection[OrganisationId] = (),
) -> Played:
    """Play a round to its end.

    Args:
        updates: of each party, on the grid, within the terms' clip.
        folder: where the members' books are made.
        gone: members that drop out after masking: what they send comes to nobody, and they reveal nothing.

    Raises:
        SecaggRefused: as honest members do, such as TOO_FEW where too many are gone.
    """
    clock, prekeys = _Clock(), {name: generate_prekey() for name in terms.parties}
    books = {name: Book(folder / f"{name}.sqlite") for name in terms.parties}
    try:
        members = {name: Member(terms, name, prekeys[name][0], books[name]) for name in terms.parties}
        publics = {name: public for name, (_, public) in prekeys.items()}
        clock.lap("prekeys")
        sent = {name: (m.announce().to_bytes(), m.deal(publics).to_bytes()) for name, m in members.items()}
        clock.lap("deal")
        announced = {name: Announcement.from_bytes(keys) for name, (keys, _) in sent.items()}
        bundles = {name: Bundle.from_bytes(shares) for name, (_, shares) in sent.items()}
        for member in members.values():
            member.take(announced, bundles)
        clock.lap("check")
        hidden = {name: member.mask(updates[name]) for name, member in members.items()}
        clock.lap("mask")
        posts = {name: _Post(terms, name, hidden[name], publics) for name in members if name not in gone}
        reader = next(name for name in terms.parties if name not in gone)
        masked = {name: posts[name].read_by(reader, prekeys[reader][0], terms) for name in posts}
        clock.lap("send")
        said = {name: members[name].reveal(tuple(masked)).to_bytes() for name in masked}
        clock.lap("reveal")
        found = aggregate(terms, announced, bundles, masked, {name: Reveal.from_bytes(said[name]) for name in said})
        clock.lap("sum")
    finally:
        for book in books.values():
            book.close()
    keys, shares = sent[reader]
    sizes = {"keys": len(keys), "shares": len(shares), "update": posts[reader].size, "reveal": len(said[reader])}
    return Played(found, sizes, clock.seconds, members, announced, masked)


class _Post:
    """A masked update, sealed to all as updates are."""

    def __init__(
        self, terms: Terms, sender: OrganisationId, update: MaskedUpdate, prekeys: Mapping[OrganisationId, bytes]
    ) -> None:
        self._context = Context(terms.chain_id, terms.ledger, terms.round, sender)
        delta = protect_masked(update, samples=0, parent_manifest=ZERO_DIGEST)
        self._sealed, _ = seal(delta, self._context, prekeys)
        self.size = len(self._sealed.payload) + len(self._sealed.header)

    def read_by(self, reader: OrganisationId, prekey: bytes, terms: Terms) -> MaskedUpdate:
        sealed, commitments = self._sealed, Commitments.of(self._sealed)
        key = unwrap(sealed.header, reader, prekey, context=self._context, commitments=commitments)
        opened = open_payload(sealed.header, sealed.payload, key, context=self._context, commitments=commitments)
        return MaskedUpdate.from_bytes(bytes(opened.delta), terms)
