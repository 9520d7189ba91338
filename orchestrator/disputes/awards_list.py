"""A list of awards as a file that people agree on and edit (docs/formats/awards-list.md); its tree has the root."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestrator.chain.structs import AwardLeaf
from orchestrator.disputes.files import read_bytes, write_new
from orchestrator.errors import FormatError
from orchestrator.ledger.awards import Award, awards_tree
from orchestrator.ledger.canonical import Document, check_format, check_nesting
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.standard_tree import StandardMerkleTree
from orchestrator.ledger.words import ADDRESS
from orchestrator.types import ZERO_DIGEST, Address, Digest, UpdateId

FORMAT = "loranchor/awards"
LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True)
class AwardList:
    """What one checkpoint pays, whoever decided it."""

    sequence: int
    awards: tuple[Award, ...]

    @cached_property
    def tree(self) -> StandardMerkleTree:
        return awards_tree(self.sequence, self.awards)

    @property
    def root(self) -> Digest:
        """Zero where nothing is paid."""
        return self.tree.root if self.awards else ZERO_DIGEST

    @property
    def total(self) -> int:
        return sum(award.amount for award in self.awards)

    def get(self, index: int) -> Award | None:
        return next((award for award in self.awards if award.index == index), None)

    def leaf(self, award: Award) -> AwardLeaf:
        """As the AwardDistributor takes it."""
        return AwardLeaf(self.sequence, award.index, award.update_id, award.account, award.amount)

    def proof(self, award: Award) -> Sequence[Digest]:
        return self.tree.proof(self.awards.index(award))

    def document(self) -> Document:
        rows = [
            {"index": award.index, "update_id": award.update_id, "account": award.account, "amount": str(award.amount)}
            for award in self.awards
        ]
        return {"format": FORMAT, "version": 1, "sequence": self.sequence, "awards": rows}

    def to_bytes(self) -> bytes:
        """Indented, since people edit it; what is signed is the root alone."""
        return (json.dumps(self.document(), indent=2) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> AwardList:
        """Reads a list in any layout.

        Raises:
            FormatError: it is no such list; an index or an update occurs twice; an amount is zero.
        """
        document = _load(data)
        check_format(document, format=FORMAT)
        reader = Reader(document, "awards")
        sequence, rows = reader.integer("sequence", least=1), reader.take("awards")
        if not isinstance(rows, list):
            reader.bad("awards", "is not a list")
        reader.end()
        found = tuple(_award(Reader(row, f"awards.awards[{place}]")) for place, row in enumerate(rows))
        for name, values in (("index", [a.index for a in found]), ("update", [a.update_id for a in found])):
            if len(set(values)) != len(values):
                raise FormatError(f"the list has two awards of one {name}")
        return cls(sequence, found)


def _award(reader: Reader) -> Award:
    account = reader.text("account")
    if not ADDRESS.fullmatch(account):
        reader.bad("account", f"is {account!r}; 0x and 40 lower-case hexadecimal digits are expected")
    index, update_id = reader.integer("index"), UpdateId(reader.digest("update_id"))
    if (amount := reader.decimal("amount")) == 0:
        reader.bad("amount", "is 0; leave the award out")
    reader.end()
    return Award(index, update_id, Address(account), amount)


def _load(data: bytes) -> dict[str, Any]:
    if len(data) > LIMIT:
        raise FormatError(f"more than the {LIMIT} bytes that a list of awards may have")
    check_nesting(data, FORMAT)
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except ValueError as error:
        raise FormatError(f"it is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise FormatError("it is not an object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormatError("a key occurs twice in one object")
    return found


def read_awards_list(path: Path, sequence: int | None = None) -> AwardList:
    """Read a file.

    Args:
        sequence: the checkpoint that it must be about.

    Raises:
        ConfigurationError: there is no such file. FormatError: it is no such list; names the file.
    """
    mend = "name a file as `loranchor award show --out` writes it"
    data = read_bytes(path, limit=LIMIT, mend=mend)
    try:
        found = AwardList.from_bytes(data)
        if sequence is not None and found.sequence != sequence:
            raise FormatError(f"it is about checkpoint {found.sequence}, not {sequence}")
    except FormatError as error:
        raise FormatError(f"{path}: {error.message}", mend=error.mend or mend) from error
    return found


def write_awards_list(path: Path, found: AwardList) -> Path:
    """Write a file; see :func:`orchestrator.disputes.files.write_new`."""
    return write_new(path, found.to_bytes())
