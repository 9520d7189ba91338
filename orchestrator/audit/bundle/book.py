"""What an offline audit knows while it reads: the auditor's anchors, what is proven so far, and the tallies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.audit.bundle.disclosure import NONE, Disclosure
from orchestrator.audit.bundle.lines import Head
from orchestrator.audit.membership import MembershipFold
from orchestrator.audit.tally import Tally
from orchestrator.commitment.checkpoints import GENESIS_HEAD
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.ledger.records import Record
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Address, Digest

TOPICS: Mapping[str, str] = {
    "file": "The file is whole, canonical and in order",
    "head": "The anchor's head is in the state of the block",
    "chain": "Checkpoints lead to that head",
    "leaves": "Records are under the anchored roots",
    "senders": "Records were signed by whom they name",
    "members": "Members of the time are those anchored",
    "signatures": "A quorum signed each checkpoint, nobody two",
    "manifests": "Manifests are those anchored",
    "award-trees": "Awards are those anchored",
    "papers": "Certificates and receipts",
    "told": "What is told agrees with what is proven",
}
"""The topics of an offline audit, in the order of the report; the ledger's rules come after them."""
MOST_OBJECT = 16 << 20
MOST_OBJECTS = 256 << 20
"""Most bytes of one object, a task, agreement, certificate or receipt, and of all that are kept."""
MOST_RECORDS = 200_000
"""Records that are kept for the ledger's rules; of a longer history they are not applied."""


@dataclass(frozen=True)
class TrustAnchors:
    """What the auditor knows from elsewhere and takes from no bundle.

    Attributes:
        block_hash: of a block of the public chain. chain_id: of that chain. anchor: its ``CheckpointAnchor``.
        consortium_id, private_chain_id: None where the auditor does not know them.
    """

    block_hash: Digest
    chain_id: int
    anchor: Address
    consortium_id: Digest | None = None
    private_chain_id: int | None = None


@dataclass
class Book:
    """The state of one audit.

    Attributes:
        head: what the bundle says of itself. rule: by which it says it discloses records.
        proven_head: the anchor's, out of the state of the block. time: of that block, in Unix seconds.
        checkpoint, last_head: the checkpoint read last and its head; all zeros before the first.
        members: as records under a root tell them. reading: with those read since, for the senders of what follows.
        objects: bytes by SHA-256. cids: what names them. tasks: that can be read.
        records: all under a root, for the ledger's rules; None where one is undisclosed, or there are too many.
        certificates: digest by request, of those that certify. gone: the request by update, of what those take out.
        kept: bytes of objects. lines: how many were read. size: their bytes.
    """

    anchors: TrustAnchors
    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally(name, TOPICS[name]) for name in TOPICS})
    head: Head | None = None
    rule: Disclosure = field(default_factory=lambda: Disclosure((NONE,)))
    proven_head: Digest | None = None
    block: int = 0
    time: int = 0
    checkpoint: Checkpoint = GENESIS
    last_head: Digest = GENESIS_HEAD
    members: MembershipFold = field(default_factory=MembershipFold)
    reading: MembershipFold = field(default_factory=MembershipFold)
    objects: dict[Digest, bytes] = field(default_factory=dict)
    cids: dict[str, Digest] = field(default_factory=dict)
    tasks: dict[Digest, TaskSpec] = field(default_factory=dict)
    records: list[Record] | None = field(default_factory=list)
    certificates: dict[Digest, Digest] = field(default_factory=dict)
    gone: dict[str, Digest] = field(default_factory=dict)
    unchecked: dict[str, int] = field(default_factory=dict)
    kept: int = 0
    lines: int = 0
    size: int = 0

    def tally(self, topic: str) -> Tally:
        """Where comparisons of a topic are counted."""
        return self.tallies[topic]

    def leave(self, what: str) -> None:
        """Counts something that could not be checked."""
        self.unchecked[what] = self.unchecked.get(what, 0) + 1

    def keep(self, cid: str, text: str) -> Digest:
        """Takes an object; returns its digest.

        Raises:
            FormatError: it, or all together, are larger than what is kept of a stranger's.
        """
        data = text.encode()
        if len(data) > MOST_OBJECT:
            raise FormatError(f"object {cid} has more than {MOST_OBJECT} bytes")
        self.kept += len(data)
        if self.kept > MOST_OBJECTS:
            raise FormatError(f"its objects have more than {MOST_OBJECTS} bytes together")
        digest = sha256(data)
        self.objects[digest], self.cids[cid] = data, digest
        return digest
