"""Checkpoints one after the other: heads, epochs, and whose signatures they carry."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache

from orchestrator.audit.bundle.anchored import Anchored, Attestations, Signature
from orchestrator.audit.bundle.book import Book
from orchestrator.audit.membership import Epoch
from orchestrator.commitment.checkpoints import GENESIS_HEAD, head_of
from orchestrator.commitment.consortium import digest_of_members
from orchestrator.commitment.eip712 import Domain, anchor_domain
from orchestrator.commitment.signatures import recover
from orchestrator.ledger.entities import Members
from orchestrator.ledger.words import word
from orchestrator.types import Address, Digest, OrganisationId


@dataclass(frozen=True, slots=True)
class _Open:
    """A signature of somebody who was no delegate of the member so far; a later record may name it."""

    item: Signature
    sequence: int
    signer: Address
    epoch: int
    where: str


@dataclass(frozen=True, slots=True)
class _Signed:
    """A checkpoint with its head, the signatures before it with their sequence, and heads signed for the one before."""

    line: Anchored
    head: Digest
    sequence: int
    signatures: tuple[Signature, ...]
    below: frozenset[Digest]


class ChainCheck:
    """Follows the checkpoints and the signatures on them."""

    def __init__(self, book: Book) -> None:
        self._book = book
        domain: Domain = anchor_domain(book.anchors.chain_id, book.anchors.anchor)
        self._signed_for = lru_cache(maxsize=64)(lambda head: domain.digest(word(head)))  # ten members sign one
        self._digests: dict[int, tuple[Members, Digest]] = {}
        self._signatures: tuple[Signature, ...] = ()
        self._given = 0
        self._below: set[Digest] = {GENESIS_HEAD}
        self._open: list[_Open] = []
        self._postponed: list[_Signed] = []
        self._missing: dict[Digest, tuple[int, set[OrganisationId]]] = {}
        self._former: Counter[int] = Counter()
        self._told: list[str] = []
        self.confirmed = 0

    def attestations(self, line: Attestations) -> None:
        """Those of the checkpoint that comes next, or of one that is not anchored."""
        self._given, self._signatures = line.sequence, line.signatures

    def checkpoint(self, line: Anchored) -> None:
        """One more link, and those who signed it."""
        book, made = self._book, line.checkpoint
        head = head_of(made)
        self._check_link(line, head)
        signed = _Signed(line, head, self._given, self._signatures, frozenset(self._below))
        self._below, self._signatures, self._given = {head}, (), 0
        if made.epoch in book.members.now.epochs:
            self._below |= self._check_members(signed)
        else:  # the same content may be signed again for an epoch that the private chain comes to later
            self._postponed.append(signed)
        book.checkpoint, book.last_head = made, head

    def later(self, line: Attestations) -> None:
        """Signatures of a checkpoint that is not anchored: of its content nothing is known here."""
        self.attestations(line)
        tally = self._book.tally("signatures")
        where = f"attestations of checkpoint {line.sequence}"
        tally.demand(line.sequence > self._book.checkpoint.sequence, where, "it was anchored, with others")
        heads = defaultdict[OrganisationId, set[Digest]](set)
        for item in line.signatures:
            if self._recovered(item, where) is not None:
                heads[item.organisation].add(item.head)
        self._book.leave("what members signed for checkpoints that are not anchored yet")

    def end(self) -> None:
        """The head is the proven one, and who signed before the records said so was named by one later.

        A record under no root names nobody: what rests on one is told, whoever wrote it.
        """
        book, tally = self._book, self._book.tally("signatures")
        for signed in self._postponed:
            self._check_members(signed)
        for found in self._open:
            if not self._confirms(found.item, found.signer, found.epoch, found.where):
                self._doubts(found)
        for sequence, missing in sorted(self._missing.values(), key=lambda entry: entry[0]):
            text = f"there is no signature of {', '.join(sorted(missing))}, whom the contract has counted"
            tally.demand(not missing, f"checkpoint {sequence}", text)
        where = "the last checkpoint"
        book.tally("chain").same(where, "its head", book.last_head, book.proven_head)
        book.tally("chain").note(f"checkpoints: {book.checkpoint.sequence}, chained up to {book.last_head[:18]}…")
        tally.note(f"signatures recovered to delegates: {self.confirmed}")
        for epoch, count in sorted(self._former.items()):
            tally.note(f"{count} of them by a delegate of epoch {epoch}, and not of the one that was signed for")
        if self._told:
            shown = ", ".join(sorted(set(self._told)))
            book.leave(
                f"whether it was their members who signed {shown}: only records under no root name these signers"
            )

    def _check_link(self, line: Anchored, head: Digest) -> None:
        book, made, tally = self._book, line.checkpoint, self._book.tally("chain")
        where, before = f"checkpoint {made.sequence}", book.checkpoint
        assert book.head is not None
        tally.same(where, "its sequence", made.sequence, before.sequence + 1)
        tally.same(where, "its previous head", made.previous_head, book.last_head)
        tally.same(where, "its head", line.head, head)
        tally.same(where, "its private chain", made.private_chain_id, book.head.private.chain_id)
        tally.demand(made.tree_size >= before.tree_size, where, "its tree is smaller than the one before")
        tally.demand(made.private_block >= before.private_block, where, "its private block is before the last one's")

    def _check_members(self, signed: _Signed) -> set[Digest]:
        """Compare digest, signers and signatures with the epoch; returns the honest heads that were signed."""
        book, made = self._book, signed.line.checkpoint
        where, told = f"checkpoint {made.sequence}", book.reading.now.epochs
        epoch = book.members.now.epochs.get(made.epoch, told.get(made.epoch))  # its digest binds what is told of it
        if not book.tally("members").demand(epoch is not None, where, f"the records tell of no epoch {made.epoch}"):
            return set()
        assert epoch is not None and book.head is not None
        wanted = self._digest_of(book.head.consortium_id, epoch.members)
        book.tally("members").same(where, "consortium_digest", made.consortium_digest, wanted)
        return self._check_signers(signed, epoch)

    def _check_signers(self, signed: _Signed, epoch: Epoch) -> set[Digest]:
        line, made, tally = signed.line, signed.line.checkpoint, self._book.tally("signatures")
        where, quorum, head = f"checkpoint {made.sequence}", epoch.members.quorum, signed.head
        tally.demand(len(line.signers) >= quorum, where, f"{len(line.signers)} members signed, the quorum is {quorum}")
        in_order = [name for name in epoch.order if name in line.signers]
        tally.same(where, "its signers", list(line.signers), in_order)
        self._missing[head] = (made.sequence, set(line.signers))
        of_it = signed.sequence in (0, made.sequence)
        tally.demand(of_it, f"attestations before {where}", "they are of another sequence")
        heads = self._honest(signed, epoch)
        for item in signed.signatures:
            self._check_signature(item, made.sequence, heads)
        if not self._missing[head][1]:
            del self._missing[head]
        return {item.head for item in signed.signatures if item.head in heads}

    def _check_signature(self, item: Signature, sequence: int, heads: dict[Digest, int]) -> None:
        tally = self._book.tally("signatures")
        where = f"attestation of {item.organisation} for checkpoint {sequence}"
        signer = self._recovered(item, where)
        if signer is None:
            return
        if item.head not in heads:
            known = any(signer in epoch.delegates.get(item.organisation, set()) for epoch in self._epochs())
            says = "equivocation: it signed another content" if known else f"it is of another head, by {signer}"
            tally.demand(False, where, f"{says} ({item.head})")
            return
        number = heads[item.head]
        if not self._confirms(item, signer, number, where):
            self._open.append(_Open(item, sequence, signer, number, where))

    def _confirms(self, item: Signature, signer: Address, number: int, where: str) -> bool:
        """Whether this was the member's delegate in that epoch, or in another: rotations may come in another order."""
        epochs = self._book.members.now.epochs
        of = [n for n, epoch in epochs.items() if signer in epoch.delegates.get(item.organisation, set())]
        if not of:
            return False
        self._book.tally("signatures").demand(True, where, "")
        self._counted(item)
        self.confirmed += 1
        if number not in of:
            self._former[of[-1]] += 1
        return True

    def _doubts(self, found: _Open) -> None:
        """Nobody under a root named the signer: a record under none may, which is told, or nobody, which is found."""
        name, epochs = found.item.organisation, self._book.reading.now.epochs.values()
        message = f"it was signed by {found.signer}, no delegate of {name} in epoch {found.epoch}"
        told = any(found.signer in epoch.delegates.get(name, set()) for epoch in epochs)
        if self._book.tally("signatures").demand(told, found.where, message):
            self._counted(found.item)
            self._told.append(f"the {found.where}")

    def _counted(self, item: Signature) -> None:
        if item.head in self._missing:
            self._missing[item.head][1].discard(item.organisation)

    def _recovered(self, item: Signature, where: str) -> Address | None:
        digest = self._signed_for(item.head)
        return self._book.tally("signatures").attempt(where, lambda: recover(digest, item.signature))

    def _digest_of(self, consortium_id: Digest, members: Members) -> Digest:
        """The digest of a membership: computed once as long as it stays the same object."""
        known = self._digests.get(members.epoch)
        if known is None or known[0] is not members:
            known = self._digests[members.epoch] = members, digest_of_members(consortium_id, members)
        return known[1]

    def _honest(self, signed: _Signed, own: Epoch) -> dict[Digest, int]:
        """Heads that an honest member may have signed for this content, with their epochs.

        One for each epoch, on top of each head that was signed for the checkpoint before.
        """
        made, content = signed.line.checkpoint, signed.line.checkpoint.content
        found: dict[Digest, int] = {signed.head: made.epoch}
        for number, epoch in {**self._book.members.now.epochs, made.epoch: own}.items():
            for below in signed.below:
                digest = epoch.members.consortium_digest
                other = content.checkpoint(previous_head=below, consortium_digest=digest, epoch=number)
                found[signed.head if other == made else head_of(other)] = number
        return found

    def _epochs(self) -> tuple[Epoch, ...]:
        return tuple(self._book.members.now.epochs.values())
