"""A masked round as this node sees it: terms, own secrets, the others' objects, and the sum. Decisions 107 to 109."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from orchestrator.daemon.opening import OBJECT_LIMIT, PAYLOAD_LIMIT, check_recipients
from orchestrator.daemon.results import round_key
from orchestrator.daemon.services import Services
from orchestrator.daemon.trainings import LAYOUT
from orchestrator.envelope import Context, open_payload, unwrap
from orchestrator.errors import FormatError, KeystoreError, ProtocolError, StorageError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import Artefact, LedgerState, Round
from orchestrator.ledger.masked_rounds import KEYS, MASKED, REVEAL, SHARES, Course, Names, course, objects_of
from orchestrator.ledger.task import TaskSpec
from orchestrator.secagg.book import BEGUN, Book, Statement
from orchestrator.secagg.bundles import Bundle
from orchestrator.secagg.keys import Announcement, Secrets, announcement
from orchestrator.secagg.masked import MaskedUpdate
from orchestrator.secagg.member import Member
from orchestrator.secagg.opening import terms_of
from orchestrator.secagg.recover import Aggregate, aggregate
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.reveals import Reveal
from orchestrator.secagg.sealed import unpacked
from orchestrator.types import Digest, OrganisationId, UpdateId

BOOK = "secagg.sqlite"
"""In the home: what this member has said in each session."""
_HALF = 32

_log = logging.getLogger(__name__)


class Session:
    """One round's secure aggregation; what it needs of the chain is of one state of the ledger.

    Args:
        block: the one in which this member acts.

    Raises:
        ProtocolError: the round was not prepared. SecaggRefused: its terms hide nothing.
    """

    def __init__(self, services: Services, ledger: LedgerState, found: Round, task: TaskSpec, block: int) -> None:
        kept = services.results.find(LAYOUT, round_key(found))
        if kept is None:
            raise ProtocolError(f"masked round {found.id} was not prepared")
        rounds = services.private.rounds
        chain_id, words, layout = rounds.chain.chain_id, int(kept["words"]), Digest(kept["layout"])
        self.terms = terms_of(task, found, chain_id, rounds.address, words, layout)
        self.task, self.found, self.me = task, found, services.me
        self.objects = objects_of(ledger, found)
        self._services, self._ledger, self._block = services, ledger, block

    @property
    def now(self) -> Course:
        """How far the round is."""
        return course(self._ledger, self.found, self._block)

    # -- what is this member's own

    def secrets(self, book: Book) -> Secrets:
        """This member's two secrets of the session, made when they are first asked for and nothing was announced.

        Raises:
            KeystoreError: others were announced, as by another home of this member, or they were destroyed; or the book
                is another than the one that knew what was said with them.
        """
        services, session = self._services, self.terms.session
        with services.lock:
            announced = self.objects.get((KEYS, self.me))
            if announced is None and not services.keystore.had_mask_secrets(session):
                made = Secrets.made()
                book.claim(session, [Statement(BEGUN, self.me, "")])
                services.keystore.keep_mask_secrets(session, made.mask_key + made.seed)
            kept = services.keystore.mask_secrets(session)
        if book.said(session, BEGUN, self.me) is None:
            raise KeystoreError(
                f"{BOOK} in the home does not know round {self.found.id}, for which this member has mask secrets",
                mend="it was lost or put back; this member drops out of the round, and the next one has new keys",
            )
        own = Secrets(kept[:_HALF], kept[_HALF:])
        if announced is not None and announcement(self.terms, self.me, own).digest != announced.digest:
            raise KeystoreError(f"other keys were announced for {self.me} in round {self.found.id} than these")
        return own

    def prekey(self) -> bytes:
        """The private part of this member's prekey of the round."""
        with self._services.lock:
            return self._services.keystore.prekey_private(self.found.recipients[self.me].digest)

    @contextmanager
    def book(self) -> Iterator[Book]:
        """What this member has said, in this session and all others."""
        with closing(Book(self._services.home / BOOK)) as book:
            yield book

    @contextmanager
    def member(self) -> Iterator[Member]:
        """This member with its book open."""
        with self.book() as book:
            own = self.secrets(book)
            yield Member(self.terms, self.me, self.prekey(), book, own=own)

    def prekeys(self) -> dict[OrganisationId, bytes]:
        """Each member's public prekey of the round."""
        return {name: item.key for name, item in self.found.recipients.items()}

    # -- what others have recorded

    def data(self, item: Artefact, limit: int = OBJECT_LIMIT) -> bytes:
        """An object's bytes, from the own node or its peers.

        Raises:
            StorageError: nobody has it. SecaggRefused: its bytes are not those that were recorded.
        """
        data = self._services.store.fetch(item.cid, limit=limit)
        if (found := sha256(data)) != item.digest:
            raise SecaggRefused(Reason.BAD_FORMAT, f"object {item.cid} has digest {found}, {item.digest} was recorded")
        return data

    def announcement(self, item: Artefact) -> Announcement:
        return Announcement.from_bytes(self.data(item))

    def bundle(self, item: Artefact) -> Bundle:
        return Bundle.from_bytes(self.data(item))

    def masked(self, item: Artefact) -> MaskedUpdate:
        """A masked update, opened with this member's prekey.

        Raises:
            EnvelopeError: it is not sealed as it must be. SecaggRefused: BAD_FORMAT.
        """
        header, payload, commitments = unpacked(self.data(item, self._largest()))
        context = Context(self.terms.chain_id, self.terms.ledger, self.found.id, item.organisation)
        check_recipients(self.found, header, context=context, commitments=commitments)
        key = unwrap(header, self.me, self.prekey(), context=context, commitments=commitments)
        opened = open_payload(header, payload, key, context=context, commitments=commitments)
        return MaskedUpdate.from_bytes(bytes(opened.delta), self.terms)

    def submitter(self, update_id: UpdateId) -> OrganisationId:
        """Who submitted an update of the round."""
        return self._ledger.updates[update_id].organisation

    def dealt(self, dealers: Names) -> tuple[dict[OrganisationId, Announcement], dict[OrganisationId, Bundle]]:
        """What the dealers announced and dealt."""
        announced = {name: self.announcement(self.objects[KEYS, name]) for name in dealers}
        return announced, {name: self.bundle(self.objects[SHARES, name]) for name in dealers}

    def total(self) -> Aggregate:
        """The sum, once enough was revealed.

        Raises:
            SecaggRefused: there is none. StorageError: a reveal without which there is none, or another object, is
                not to be had yet: who has it has the sum.
        """
        now = self.now
        if now.broken:
            raise SecaggRefused(Reason.TOO_FEW, now.broken)
        announced, bundles = self.dealt(now.dealers)
        masked = {name: self.masked(self.objects[MASKED, name]) for name in now.survivors}
        reveals, missing = self._reveals(now.holders)
        try:
            found = aggregate(self.terms, announced, bundles, masked, reveals)
        except SecaggRefused:
            if missing is not None:
                raise missing from None
            raise
        for holder, fault in found.faults.items():
            _log.warning("the reveal of %s in round %d is left out: %s", holder, self.found.id, fault)
        return found

    def _largest(self) -> int:
        """Bytes of a sealed masked update of this round at most, with room for tags and headers."""
        words = self.terms.words * self.terms.ring_bits // 8
        return min(words + words // 1024 + 2 * OBJECT_LIMIT, PAYLOAD_LIMIT + OBJECT_LIMIT)

    def _reveals(self, holders: Names) -> tuple[dict[OrganisationId, Reveal], StorageError | None]:
        """Those that can be had, and why another cannot: nobody may, and the others' shares are often enough."""
        found: dict[OrganisationId, Reveal] = {}
        missing: StorageError | None = None
        for name in holders:
            try:
                found[name] = Reveal.from_bytes(self.data(self.objects[REVEAL, name]))
            except StorageError as error:
                missing = error
            except (FormatError, SecaggRefused) as error:
                _log.warning("the reveal of %s in round %d is left out: %s", name, self.found.id, error)
        return found, missing


def units_bytes(total: Any) -> bytes:
    """A sum for the workbench: int32, little-endian; terms keep it below 2**23."""
    return bytes(total.astype("<i4").tobytes())
