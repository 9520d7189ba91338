"""Manifests by their changes, and awards: each has the digest or root that its checkpoint anchors."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.audit.bundle.anchored import Awards, Manifest, Splice
from orchestrator.audit.bundle.book import Book
from orchestrator.audit.bundle.container import fast_canonical
from orchestrator.errors import FormatError
from orchestrator.ledger.awards import Award, awards_tree
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.manifest import ENTRY_FORMAT, FORMAT
from orchestrator.ledger.merkle import MerkleTree, leaf_hash
from orchestrator.ledger.words import hex_word
from orchestrator.types import ZERO_DIGEST, Digest

_MEMBERS = frozenset({"format", "version", "base", "settings", "strategy", "count", "entries_root"})


class ModelsCheck:
    """Keeps the tree of the last manifest's entries.

    Attributes:
        awards: of each checkpoint that has some, by sequence. roots: of every checkpoint's awards.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._tree = MerkleTree()
        self._entries: list[_Entry] = []
        self._new: list[_Entry] = []
        self._gone = 0
        self._digest: Digest = ZERO_DIGEST
        self._due = False
        self._awards_due = False
        self.awards: dict[int, tuple[Award, ...]] = {}
        self.roots: dict[int, Digest] = {}
        self.changes = 0

    def checkpoint(self) -> None:
        """Notes what the checkpoint calls for."""
        made = self._book.checkpoint
        self._due = made.manifest_digest not in (self._digest, ZERO_DIGEST)
        self._awards_due = made.awards_root != ZERO_DIGEST
        self.roots[made.sequence] = made.awards_root

    def manifest(self, line: Manifest) -> None:
        """The manifest after its changes is the anchored one."""
        made, tally = self._book.checkpoint, self._book.tally("manifests")
        where = f"manifest of checkpoint {line.sequence}"
        tally.same(where, "its sequence", line.sequence, made.sequence)
        tally.demand(self._due, where, "the checkpoint's manifest is that of the one before")
        self._due = False
        self._digest = made.manifest_digest
        tally.attempt(where, lambda: self._change(line.splices))
        document = line.manifest
        names = document.keys() == _MEMBERS and document["format"] == FORMAT and document["version"] == 1
        tally.demand(names, where, f"it is no {FORMAT} of version 1")
        tally.same(where, "its digest", sha256(fast_canonical(dict(document))), made.manifest_digest)
        tally.same(where, "the number of its entries", document.get("count"), len(self._entries))
        tally.same(where, "the root of its entries", document.get("entries_root"), hex_word(self._tree.root()))

    def award_leaves(self, line: Awards) -> None:
        """The tree over the leaves has the anchored root."""
        made, tally = self._book.checkpoint, self._book.tally("award-trees")
        where = f"awards of checkpoint {line.sequence}"
        tally.same(where, "their sequence", line.sequence, made.sequence)
        tally.demand(self._awards_due, where, "the checkpoint awards nothing")
        self._awards_due = False
        listed = tuple(Award(item.index, item.update_id, item.account, item.amount) for item in line.leaves)
        tally.same(where, "their indices", [item.index for item in listed], list(range(len(listed))))
        root = tally.attempt(where, lambda: _root(made.sequence, listed))
        tally.same(where, "their root", root, made.awards_root)
        self.awards[made.sequence] = listed

    def end_group(self) -> None:
        """Nothing that the checkpoint names is missing."""
        sequence = self._book.checkpoint.sequence
        where = f"manifest of checkpoint {sequence}"
        self._book.tally("manifests").demand(not self._due, where, "it is missing, and it is another than before")
        where = f"awards of checkpoint {sequence}"
        self._book.tally("award-trees").demand(not self._awards_due, where, "they are missing")
        self._due = self._awards_due = False
        self._without_revoked(f"manifest of checkpoint {sequence}")

    def end(self) -> None:
        """What there was."""
        self._book.tally("manifests").note(f"entries: {len(self._entries)}, changes before: {self.changes}")
        self._book.tally("award-trees").note(f"awards: {sum(map(len, self.awards.values()))}")

    def _change(self, splices: tuple[Splice, ...]) -> None:
        """Applies changes; only what comes after the first has to be hashed again."""
        if not splices:
            raise FormatError("it changes nothing")
        kept = splices[0].at
        if kept > len(self._entries):
            raise FormatError(f"it changes place {kept} of {len(self._entries)} entries")
        changed = self._new = list(_spliced(self._entries, splices))
        self._entries[kept:] = changed
        self._tree.truncate(kept)
        for leaf, _ in changed:
            self._tree.append_hash(leaf)
        self.changes += len(splices)

    def _without_revoked(self, where: str) -> None:
        """What a certificate says has left the model is in no manifest from its checkpoint on."""
        gone = self._book.gone
        looked_at = self._entries if len(gone) > self._gone else self._new
        self._gone, self._new = len(gone), []
        for _, update in looked_at:
            if update in gone:
                message = f"it still has {update}, which the certificate of request {gone[update]} says has left"
                self._book.tally("manifests").demand(False, where, message)


_Entry = tuple[bytes, str]
"""An entry's leaf hash, and the update that it names; empty where it names none."""


def _spliced(leaves: list[_Entry], splices: tuple[Splice, ...]) -> Iterator[_Entry]:
    """Entries from the first change on."""
    at, touched = splices[0].at, -1
    for splice in splices:
        end = splice.at + splice.remove
        if not touched < splice.at <= end <= len(leaves) or not (splice.remove or splice.insert):
            raise FormatError(f"its change at place {splice.at} is out of order, or changes nothing")
        yield from leaves[at : splice.at]
        yield from map(_leaf, splice.insert)
        at = touched = end
    yield from leaves[at:]


def _leaf(entry: object) -> _Entry:
    if not isinstance(entry, dict) or (entry.get("format"), entry.get("version")) != (ENTRY_FORMAT, 1):
        raise FormatError(f"an entry is no {ENTRY_FORMAT} of version 1")
    update = entry.get("update_id")
    return leaf_hash(fast_canonical(entry)), update if isinstance(update, str) else ""


def _root(sequence: int, listed: tuple[Award, ...]) -> Digest:
    return awards_tree(sequence, listed).root
