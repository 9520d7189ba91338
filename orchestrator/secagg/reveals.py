"""What a holder reveals when all masked updates are there (``loranchor/secagg-reveal`` 1).

Of a member whose update is there its share of the seed, of one that dropped out its share of the mask key; never both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from orchestrator.ledger.canonical import Document, digest
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import hex_word, word
from orchestrator.secagg.book import DEALERS, REVEALED, SURVIVORS, Book, Statement
from orchestrator.secagg.bundles import Bundle, Secret, Shares, check_share
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.terms import Terms
from orchestrator.types import Digest, OrganisationId

Names = tuple[OrganisationId, ...]


@dataclass(frozen=True, slots=True)
class Revealed:
    """One share: of whose secret, of which, and its 32 bytes."""

    of: OrganisationId
    secret: Secret
    share: Digest


@dataclass(frozen=True, slots=True)
class Reveal(CanonicalObject):
    """See the module.

    Attributes:
        organisation: the holder. survivors: those whose masked updates are there, in ascending order.
        shares: one for each dealer of whom the holder has shares, in ascending order.
    """

    format: ClassVar[str] = "loranchor/secagg-reveal"
    place: ClassVar[str] = "reveal"

    session: Digest
    organisation: OrganisationId
    survivors: Names
    shares: tuple[Revealed, ...]

    def members(self) -> Document:
        return {
            "session": self.session,
            "organisation": self.organisation,
            "survivors": list(self.survivors),
            "shares": [{"of": item.of, "secret": item.secret, "share": item.share} for item in self.shares],
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        shares = tuple(map(_revealed, reader.inners("shares")))
        survivors = reader.organisations("survivors", least=1)
        return cls(reader.digest("session"), reader.organisation("organisation"), survivors, shares)


def wanted_secret(member: OrganisationId, survivors: Sequence[OrganisationId]) -> Secret:
    """Which secret of a member takes its masks out of the sum."""
    return "seed" if member in survivors else "mask_key"


def reveal(
    terms: Terms,
    me: OrganisationId,
    held: Mapping[OrganisationId, Shares],
    survivors: Sequence[OrganisationId],
    book: Book,
    dealers: Sequence[OrganisationId] | None = None,
) -> Reveal:
    """This holder's shares, written into its book before they are given out.

    Args:
        held: by dealer; those whose shares did not open are not there.
        survivors: whose masked updates are there, as the chain tells.
        dealers: whose masks are in them; those of ``held`` by default.

    Raises:
        SecaggRefused: TOO_FEW survivors; BOTH_SECRETS or SAID_OTHERWISE, where this holder has revealed for another
            list of survivors, or stood behind updates that were masked against other dealers.
    """
    terms.place_of(me)
    alive = tuple(sorted(survivors))
    for name in alive:
        terms.place_of(name)
    if len(alive) < terms.threshold:
        raise SecaggRefused(
            Reason.TOO_FEW, f"{len(alive)} masked updates are there, nothing is revealed below {terms.threshold}"
        )
    chosen = [(name, wanted_secret(name, alive)) for name in sorted(held)]
    book.claim(
        terms.session,
        [
            dealers_statement(me, tuple(sorted(held)) if dealers is None else dealers),
            *(Statement(REVEALED, name, secret) for name, secret in chosen),
            Statement(SURVIVORS, me, digest({"survivors": list(alive)})),
        ],
    )
    shares = tuple(Revealed(name, secret, hex_word(held[name].of(secret))) for name, secret in chosen)
    return Reveal(terms.session, me, alive, shares)


def dealers_statement(me: OrganisationId, dealers: Sequence[OrganisationId]) -> Statement:
    """Whose masks are in the updates that this member sends, stands behind, and reveals for: one list a session."""
    return Statement(DEALERS, me, digest({"dealers": sorted(dealers)}))


def check_reveal(
    terms: Terms, found: Reveal, sender: OrganisationId, bundles: Mapping[OrganisationId, Bundle], survivors: Names
) -> None:
    """Refuse a reveal that does not serve this sum, or holds a share that was not dealt.

    Raises:
        SecaggRefused: REPLAYED, FORGED, NOT_A_MEMBER, WRONG_SURVIVORS, BOTH_SECRETS or WRONG_SHARE.
    """
    terms.check_session(found.session, f"the reveal of {found.organisation}")
    if found.organisation != sender:
        raise SecaggRefused(Reason.FORGED, f"{sender} recorded a reveal in the name of {found.organisation}")
    terms.place_of(sender)
    if found.survivors != survivors:
        listed = f"{', '.join(found.survivors)}; {', '.join(survivors)} have sent updates"
        raise SecaggRefused(Reason.WRONG_SURVIVORS, f"{sender} reveals for {listed}")
    owners = [item.of for item in found.shares]
    if len(set(owners)) != len(owners):
        raise SecaggRefused(Reason.BOTH_SECRETS, f"{sender} reveals two shares of one member")
    for item in found.shares:
        _check_one(terms, item, sender, bundles, survivors)


def _check_one(
    terms: Terms, item: Revealed, sender: OrganisationId, bundles: Mapping[OrganisationId, Bundle], survivors: Names
) -> None:
    if item.of not in bundles:
        raise SecaggRefused(Reason.NOT_A_MEMBER, f"{sender} reveals a share of {item.of}, who has dealt none")
    if item.secret != (wanted := wanted_secret(item.of, survivors)):
        raise SecaggRefused(
            Reason.BOTH_SECRETS,
            f"{sender} reveals a share of the {item.secret} of {item.of}; this sum needs its {wanted}",
        )
    check_share(terms, bundles[item.of], sender, item.secret, word(item.share))


def _revealed(reader: Reader) -> Revealed:
    secret: Any = reader.choice("secret", {"mask_key", "seed"})
    found = Revealed(reader.organisation("of"), secret, reader.digest("share"))
    reader.end()
    return found
