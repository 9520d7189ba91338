"""One member in one session: its secrets, the shares that it holds, and what it says, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.ledger.canonical import sha256
from orchestrator.secagg.book import DEALT, MASKED, Book, Statement
from orchestrator.secagg.bundles import Bundle, Shares, check_bundle, deal, open_shares
from orchestrator.secagg.keys import Announcement, Secrets, announcement, check_announcement
from orchestrator.secagg.masked import MaskedUpdate
from orchestrator.secagg.masks import Units, check_enough, mask
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.reveals import Reveal, dealers_statement, reveal
from orchestrator.secagg.terms import Terms
from orchestrator.types import OrganisationId


class Member:
    """See the module. Nothing here sends or stores anything but in the book.

    Args:
        prekey: private bytes of this member's prekey of the round.
        book: what it has said before, in this process or another.
        own: its secrets, where they were made before; new ones by default.
    """

    def __init__(
        self, terms: Terms, me: OrganisationId, prekey: bytes, book: Book, *, own: Secrets | None = None
    ) -> None:
        terms.place_of(me)
        self.terms, self.me, self.own = terms, me, own or Secrets.made()
        self.faults: dict[OrganisationId, SecaggRefused] = {}
        self._prekey, self._book = prekey, book
        self._held: dict[OrganisationId, Shares] = {}
        self._dealers: dict[OrganisationId, Announcement] = {}

    def announce(self) -> Announcement:
        """First: public keys."""
        return announcement(self.terms, self.me, self.own)

    def deal(self, prekeys: Mapping[OrganisationId, bytes]) -> Bundle:
        """Second: shares of both secrets to all parties, once: sealed anew they would be other shares.

        Raises:
            SecaggRefused: SAID_OTHERWISE where it has dealt before; BAD_KEY.
        """
        return self.say(self.draw(prekeys))

    def draw(self, prekeys: Mapping[OrganisationId, bytes]) -> Bundle:
        """A bundle that nobody was given: to be kept somewhere safe, and then :meth:`said <say>`.

        Raises:
            SecaggRefused: BAD_KEY.
        """
        return deal(self.terms, self.me, self.own, prekeys)

    def say(self, made: Bundle) -> Bundle:
        """The bundle, once it is written down that this is the one.

        Raises:
            SecaggRefused: SAID_OTHERWISE where another was dealt.
        """
        self._book.claim(self.terms.session, [Statement(DEALT, self.me, made.digest)])
        return made

    def take(
        self, announced: Mapping[OrganisationId, Announcement], bundles: Mapping[OrganisationId, Bundle]
    ) -> tuple[OrganisationId, ...]:
        """Third: check what the others recorded, and open the own shares.

        Shares that are not what their dealer says are left out, and :attr:`faults` has the reason.

        Args:
            announced, bundles: by who recorded them.

        Returns:
            The dealers, whose masks cancel: those of whom both objects are there, in ascending order.

        Raises:
            SecaggRefused: an object that the chain should not have let count; TOO_FEW.
        """
        dealers = {name: announced[name] for name in sorted(announced.keys() & bundles.keys())}
        for name, found in dealers.items():
            check_announcement(self.terms, found, name)
            check_bundle(self.terms, bundles[name], name)
        check_enough(self.terms, len(dealers), "have dealt shares")
        for name in dealers:
            try:
                self._held[name] = open_shares(self.terms, bundles[name], self.me, self._prekey)
            except SecaggRefused as error:
                self.faults[name] = error
        self._dealers = dealers
        return tuple(dealers)

    def mask(self, units: Units, weight: int = 1) -> MaskedUpdate:
        """Fourth: the update behind its masks, once: two behind the same masks would show their difference.

        Raises:
            SecaggRefused: OVERFLOW; SAID_OTHERWISE, also where this member stood behind updates that were masked
                against other dealers; WRONG_DEALERS.
        """
        words = mask(self.terms, self.me, self.own, self._dealers, units, weight)
        made = MaskedUpdate(self.terms.session, self.me, tuple(self._dealers), weight, words)
        statements = [dealers_statement(self.me, made.dealers), Statement(MASKED, self.me, sha256(made.to_bytes()))]
        self._book.claim(self.terms.session, statements)
        return made

    def reveal(self, survivors: Sequence[OrganisationId]) -> Reveal:
        """Fifth: what takes the masks away, once the chain tells whose updates are there.

        A member that has masked an update gives nobody a share of its own mask key.

        Raises:
            SecaggRefused: WRONG_SURVIVORS, TOO_FEW, BOTH_SECRETS, SAID_OTHERWISE.
        """
        if strange := sorted(set(survivors) - self._dealers.keys()):
            raise SecaggRefused(Reason.WRONG_SURVIVORS, f"{', '.join(strange)} sent an update without having dealt")
        held = dict(self._held)
        if self.me not in survivors and self._book.said(self.terms.session, MASKED, self.me) is not None:
            held.pop(self.me, None)  # it knows that it has not dropped out, whatever the chain tells
        return reveal(self.terms, self.me, held, survivors, self._book, tuple(self._dealers))
