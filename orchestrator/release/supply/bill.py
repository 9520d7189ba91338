"""What a bill of materials says of a model, and that the manifest follows from it.

Each entry of the manifest is there as the hash of its leaf in the manifest's Merkle tree (RFC 6962). That hides whose
it is and when it came, since the leaf holds salted digests; yet all of them together give the manifest's digest, which
is on the public chain. So none can be left out, not even by whoever signs: docs/decisions/0125-bills-by-leaves.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import canonical_bytes, digest, parse
from orchestrator.ledger.compactions import CompactionEntry
from orchestrator.ledger.entities import LedgerState, Update
from orchestrator.ledger.manifest import FORMAT, AnyEntry, Entry
from orchestrator.ledger.merkle import MerkleTree, leaf_hash
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import hex_word
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.types import Digest

NAME = "bom.cdx.json"
ENTRY_FORMAT = "loranchor/manifest-entry"
BLINDED_FORMAT = "loranchor/blinded-statement"


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the manifest, or a contribution that a compaction stands for.

    Attributes:
        leaf: hash of its leaf. covered: whether a compaction stands for it.
        statement: digest of the data statement, blinded with the update's id unless names may be told.
        document: of a compaction, the canonical text of its entry; "" of all others.
        organisation, round, update: only where names may be told.
    """

    kind: str
    leaf: Digest
    covered: bool = False
    statement: str = ""
    document: str = ""
    organisation: str = ""
    round: int = 0
    update: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """What it says.

    Attributes:
        settings, strategy, base, count: of the manifest. items: its entries in order, then what is covered, in order.
        files: SHA-256 by name, of weights, configuration and tokenizer. named: whether organisations are.
        base_words, base_hub, licence: of the base, as the model card has them.
    """

    consortium: Digest
    manifest: Digest
    base: Digest
    settings: Digest
    strategy: str
    count: int
    items: tuple[Item, ...]
    files: Mapping[str, str]
    named: bool = False
    base_words: str = ""
    base_hub: str | None = None
    licence: str | None = None

    @property
    def contributions(self) -> int:
        return sum(item.covered or item.kind not in ("compaction", "hardening") for item in self.items)


def items_of(
    state: LedgerState, entries: Sequence[AnyEntry], covered: Sequence[Entry], names: bool
) -> tuple[Item, ...]:
    """A manifest's entries and what its compaction covers, as the private records have them."""
    return tuple(
        [_item(state, entry, False, names) for entry in entries]
        + [_item(state, entry, True, names) for entry in covered]
    )


def check_bill(bill: Bill, contributions: int) -> None:
    """The manifest follows from what the bill lists.

    Args:
        contributions: how many the export's record counts.

    Raises:
        ModelRefused: the bill lacks one, or lists another, or one too many.
    """
    own, covered = ([item for item in bill.items if item.covered is which] for which in (False, True))
    missing = max(bill.count - len(own), contributions - bill.contributions)
    if missing > 0:
        raise ModelRefused(
            Reason.BOM_LACKS,
            f"{NAME} lists {bill.contributions} contributions of the {contributions} in manifest {bill.manifest}",
        )
    expected = {
        "format": FORMAT, "version": 1, "base": bill.base, "settings": bill.settings, "strategy": bill.strategy,
        "count": bill.count, "entries_root": root_of(own),
    }  # fmt: skip
    if bill.count != len(own) or contributions != bill.contributions or digest(expected) != bill.manifest:
        raise ModelRefused(Reason.BOM_DIFFERS, f"what {NAME} lists does not give manifest {bill.manifest}")
    _check_covered(own, covered)


def root_of(items: Sequence[Item]) -> Digest:
    """Of the Merkle tree whose leaves have these hashes."""
    tree = MerkleTree()
    for item in items:
        tree.append_hash(bytes.fromhex(item.leaf[2:]))
    return hex_word(tree.root())


def blinded(statement: Digest, update_id: str) -> Digest:
    """Says nothing to outsiders, and its member can open it: few data statements are hard to guess."""
    return digest({"format": BLINDED_FORMAT, "version": 1, "statement": statement, "update_id": update_id})


def _item(state: LedgerState, entry: AnyEntry, covered: bool, names: bool) -> Item:
    data = canonical_bytes(entry.document())
    leaf = hex_word(leaf_hash(data))
    if isinstance(entry, CompactionEntry):
        return Item(entry.kind, leaf, document=data.decode())
    if not isinstance(entry, Entry):
        return Item(entry.kind, leaf)
    update: Update = state.updates[entry.update_id]
    if not names:
        return Item(entry.kind, leaf, covered, blinded(update.data_statement_digest, update.id))
    owner, number, update_id = str(entry.organisation), entry.round, str(update.id)
    return Item(entry.kind, leaf, covered, update.data_statement_digest, "", owner, number, update_id)


def _check_covered(own: Sequence[Item], covered: Sequence[Item]) -> None:
    """A compaction's entry names how many it stands for, and their root."""
    stands = [item for item in own if item.kind == "compaction"]
    if bool(covered) != bool(stands) or len(stands) > 1:
        raise ModelRefused(Reason.BOM_DIFFERS, f"{NAME} lists what a compaction stands for, and not the compaction")
    for item in stands:
        data = item.document.encode()
        try:
            told = Reader(parse(data, format=ENTRY_FORMAT), "compaction").inner("covered")
            count, root = told.integer("count"), told.digest("entries_root")
        except FormatError as error:
            raise ModelRefused(Reason.BAD_BOM, f"{NAME}: {error.message}") from error
        if hex_word(leaf_hash(data)) != item.leaf or root != root_of(covered):
            raise ModelRefused(Reason.BOM_DIFFERS, f"{NAME} does not list the {count} contributions of its compaction")
