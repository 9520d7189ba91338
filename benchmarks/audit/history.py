"""A bundle of a long synthetic history, written line by line: nothing of it is kept but trees and a spool on disk."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from eth_hash.auto import keccak

from benchmarks.audit.people import CONSORTIUM_ID, CONTRACTS, PRIVATE_CHAIN, PUBLIC_CHAIN, people
from benchmarks.audit.rounds import Rounds
from benchmarks.audit.state import State
from orchestrator.audit.bundle import anchored as parts
from orchestrator.audit.bundle import lines as bundle
from orchestrator.audit.bundle import told
from orchestrator.audit.bundle.book import TrustAnchors
from orchestrator.audit.bundle.container import fast_canonical, write_lines
from orchestrator.audit.bundle.disclosure import disclosed, disclosure_of
from orchestrator.audit.bundle.make import LANDMARKS, leaf_lines
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_digest, head_of
from orchestrator.errors import EnvironmentMissing
from orchestrator.ledger.awards import Award, awards_tree
from orchestrator.ledger.canonical import Document, sha256
from orchestrator.ledger.checkpoint import content_at
from orchestrator.ledger.entities import Reason
from orchestrator.ledger.ids import round_subject
from orchestrator.ledger.manifest import Entry, Manifest
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Record
from orchestrator.ledger.state import EMPTY
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import shares
from orchestrator.ledger.words import hex_word
from orchestrator.storage.cid import cid_of
from orchestrator.types import Digest
from tools.setup.paths import ROOT

PER_ROUND = 10**18
TASK: Document = {
    "format": "loranchor/task",
    "version": 1,
    "name": "benchmark",
    "base": {"digest": sha256(b"base"), "architecture": "llama", "kind": "causal_lm"},
    "adapter": {"modules": ["q_proj", "v_proj"], "ranks": [4, 8], "alpha": 16, "rslora": False, "dense": []},
    "training": {
        "steps": 12,
        "batch": 4,
        "length": 64,
        "learning_rate_nano": 1_000_000,
        "optimizer": "adamw",
        "seed": 7,
    },
    "privacy": {"policy": "none", "epsilon_cap": 0, "delta_inverse": 0},
    "strategy": {"name": "stack", "settings": {}},
    "lineage": "chained",
    "weights": "uniform",
    "verdict": {"policy": "validation", "filters": [], "minimum_score": 0, "max_norm": 10_000_000, "max_rank": 8},
    "awards": {"per_round": str(PER_ROUND)},
    "deadlines": {"submit": 20, "release": 10, "commit": 10, "reveal": 10},
    "minimum_updates": 1,
    "evaluation": {"metric": "loss", "shared": None, "scores": "leave-one-out"},
}


def anchor_code() -> bytes:
    """The compiled anchor, its immutables all zero: an audit compares code without them.

    Raises:
        EnvironmentMissing: the contracts are not compiled.
    """
    path = ROOT / "build" / "contracts" / "CheckpointAnchor.json"
    if not path.is_file():
        raise EnvironmentMissing("the contracts are not compiled", mend="run `brownie compile` first")
    return bytes.fromhex(json.loads(path.read_text("utf-8"))["deployedBytecode"])


@dataclass(frozen=True, slots=True)
class Spooled(bundle.Line):
    """A line that was written before."""

    data: bytes
    spooled: str

    def members(self) -> Document:
        raise TypeError("a spooled line has only bytes")

    @classmethod
    def read(cls, reader: Reader) -> Self:
        raise TypeError("a spooled line has only bytes")

    @property
    def kind(self) -> str:  # type: ignore[override]
        return self.spooled

    def to_bytes(self) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True)
class History:
    """What was written, and what an auditor has to know of it.

    Attributes:
        records, transactions: of the whole history, disclosed or not.
        consistency, inclusion: the most hashes in a proof.
    """

    anchors: TrustAnchors
    records: int
    transactions: int
    consistency: int
    inclusion: int


def write_history(to: Path, rounds: int, members: int, terms: tuple[str, ...]) -> History:
    """Write the bundle of so many rounds, each with a contribution of each member."""
    with tempfile.TemporaryFile(dir=to.parent) as spool, to.open("wb") as file:
        maker = _Maker(rounds, members, terms)
        for line in maker.lines():
            data = line.to_bytes()
            spool.write(f"{line.kind} {len(data)}\n".encode() + data)
        spool.seek(0)
        anchor = CONTRACTS[PUBLIC_CHAIN]["CheckpointAnchor"]
        code = anchor_code()
        state = State(anchor, code, {bundle.HEAD_SLOT: maker.head})
        proof, header = state.prove(anchor, [bundle.HEAD_SLOT], rounds + 1), state.header(rounds + 1)
        slot = bundle.Slot("head", bundle.HEAD_SLOT, proof.slots[0])
        account = bundle.Account("CheckpointAnchor", anchor, code, proof.account, (slot,))
        public, private = (bundle.Chain(item, CONTRACTS[item]) for item in (PUBLIC_CHAIN, PRIVATE_CHAIN))
        first = bundle.Head(CONSORTIUM_ID, public, private, maker.rule.terms)
        write_lines(file, _all(first, header, account, spool))
    anchors = TrustAnchors(Digest("0x" + keccak(header).hex()), PUBLIC_CHAIN, anchor, CONSORTIUM_ID, PRIVATE_CHAIN)
    return History(anchors, maker.tree.size, maker.transactions, maker.consistency, maker.inclusion)


def _all(first: bundle.Head, header: bytes, account: bundle.Account, spool: BinaryIO) -> Iterator[bundle.Line]:
    yield first
    yield bundle.State(header, (account,))
    while named := spool.readline():
        kind, size = named.split()
        yield Spooled(spool.read(int(size)), kind.decode())


class _Maker:
    def __init__(self, rounds: int, members: int, terms: tuple[str, ...]) -> None:
        self._count, self.rule = rounds, disclosure_of(terms)
        self._task = TaskSpec.from_document(TASK)
        self._rounds = Rounds(people(members), self._task)
        self.tree, self.head = MerkleTree(), GENESIS_HEAD
        self._entries = MerkleTree()
        self._manifest: Digest | None = None
        self._released: list[str] = []
        self._paid = 0
        self.transactions = self.consistency = self.inclusion = 0

    def lines(self) -> Iterator[bundle.Line]:
        """All but the first two and the last."""
        before = list(self._rounds.founding())
        for number in range(1, self._count + 1):
            yield from self._group(number, before)
            before = []
        yield from self._told()

    def _group(self, number: int, records: list[Record]) -> Iterator[bundle.Line]:
        start = size = self.tree.size
        base = self._task.base.digest
        empty = Manifest(base, self._task.settings, self._task.strategy.name, ())
        records += self._rounds.round(number, self._manifest or empty.digest)
        for record in records:
            self.tree.append(record.leaf_data)
        self.transactions += len(self._rounds.raws)
        shown, whole = disclosed(records, EMPTY, self.rule)
        raws = {hash_: raw for hash_, raw in self._rounds.raws.items() if hash_ in whole}
        self._rounds.raws.clear()
        yield from self._objects(number, shown, records)
        yield from leaf_lines(records, start, shown, raws, self.tree)
        yield from self._checkpoint(number, start if number > 1 else 0, empty, records)
        for index, (record, yes) in enumerate(zip(records, shown, strict=True), size):
            if yes and record.kind in LANDMARKS:
                proof = self.tree.inclusion_proof(index)
                self.inclusion = max(self.inclusion, len(proof))
                yield parts.Inclusion(index, self.tree.size, tuple(proof))
        self._released += [
            record.fields["update_id"]
            for record, yes in zip(records, shown, strict=True)
            if yes and record.kind == "UpdateReleased"
        ]

    def _objects(self, number: int, shown: list[bool], records: list[Record]) -> Iterator[bundle.Object]:
        opened = any(yes and record.kind == "RoundOpened" for record, yes in zip(records, shown, strict=True))
        if number > 1 or not opened:
            return
        found = [("task", self._task.to_bytes()), ("agreement", self._rounds.agreement.to_bytes())]
        for what, data in sorted(found, key=lambda item: sha256(item[1])):
            yield bundle.Object(what, cid_of(data), data.decode())

    def _checkpoint(self, number: int, before: int, empty: Manifest, records: list[Record]) -> Iterator[bundle.Line]:
        entries = self._new_entries(number, records)
        at = self._entries.size
        for entry in entries:
            self._entries.append(fast_canonical(entry.document()))
        document = empty.document_of(self._entries.size, hex_word(self._entries.root()))
        self._manifest = sha256(fast_canonical(document))
        awards = self._awards(number)
        made = content_at(
            number,
            self.tree,
            size=self.tree.size,
            chain_id=PRIVATE_CHAIN,
            block=records[-1].block,
            block_hash=sha256(b"block %d" % number),
            manifest_digest=self._manifest,
            awards_root=awards_tree(number, awards).root,
        ).checkpoint(previous_head=self.head, consortium_digest=self._rounds.consortium_digest, epoch=1)
        self.head = head_of(made)
        message = checkpoint_digest(made, PUBLIC_CHAIN, CONTRACTS[PUBLIC_CHAIN]["CheckpointAnchor"])
        members = self._rounds.members
        signed = (parts.Signature(person.name, self.head, person.delegate.sign(message)) for person in members)
        yield parts.Attestations(number, tuple(signed))
        proof = self.tree.consistency_proof(before)
        self.consistency = max(self.consistency, len(proof))
        signers, reason = tuple(person.name for person in members), Reason.ROUND_CLOSED.value
        yield parts.Anchored(made, self.head, signers, tuple(proof), round_subject(number), reason)
        yield parts.Manifest(number, document, (parts.Splice(at, 0, tuple(item.document() for item in entries)),))
        leaves = (parts.AwardLeaf(item.index, item.update_id, item.account, item.amount) for item in awards)
        yield parts.Awards(number, tuple(leaves))

    def _new_entries(self, number: int, records: list[Record]) -> list[Entry]:
        found: dict[str, dict[str, Any]] = {
            record.fields["update_id"]: {"organisation": record.sender, **record.fields["submission"]}
            for record in records
            if record.kind == "UpdateSubmitted"
        }
        weights = shares([1] * len(found))
        return [
            Entry(
                number,
                update["organisation"],
                update_id,  # type: ignore[arg-type]
                update["ciphertext_digest"],
                update["content_commitment"],
                update["parent_manifest"],
                weight,
            )
            for (update_id, update), weight in zip(found.items(), weights, strict=True)
        ]

    def _awards(self, number: int) -> tuple[Award, ...]:
        """As the ledger pays: each by the score that the others gave it."""
        members = self._rounds.members
        scores = [10_000 * (place + 1) for place in range(len(members))]
        return tuple(
            Award(
                place,
                self._rounds.update_id(number, person.name),
                person.authority.address,
                PER_ROUND * score // sum(scores),
            )
            for place, (person, score) in enumerate(zip(members, scores, strict=True))
        )

    def _told(self) -> Iterator[bundle.Line]:
        """Every checkpoint anchored in a block of its own, all awards published and claimed."""
        for number in range(1, self._count + 1):
            yield told.Anchoring(number, number, sha256(b"anchoring %d" % number))
        for number in range(1, self._count + 1):
            awards = self._awards(number)
            published = {"root": awards_tree(number, awards).root, "claimable_from": number}
            hash_ = sha256(b"payment %d" % number)
            yield told.Payment("published", number, number, hash_, 0, published)
            for award in awards:
                self._paid += award.amount
                paid = {"update_id": award.update_id, "account": award.account, "amount": str(award.amount)}
                claimed = {"index": award.index, **paid}
                yield told.Payment("claimed", number, number, hash_, 1 + award.index, claimed)
        for update in self._released:
            yield told.Sealed(update, header=True, payload=True)  # type: ignore[arg-type]
        yield told.Supply(self._paid)
