"""The ledger's rules on a bundle that discloses all records: the checks of an audit at the chains, on the same terms.

What a bundle has becomes evidence of the same shape; what it has not (views of contracts, events that are no records,
sealed objects) is not asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from orchestrator.audit.bundle import anchored as bundle
from orchestrator.audit.bundle.book import Book
from orchestrator.audit.bundle.check_told import ToldCheck
from orchestrator.audit.bundle.lines import Chain
from orchestrator.audit.bundle.told import Sealed
from orchestrator.audit.bundle.transactions import Sent
from orchestrator.audit.checks.receipts import check_receipts
from orchestrator.audit.checks.records import check_records
from orchestrator.audit.checks.revocations import check_revocations
from orchestrator.audit.checks.rounds import check_rounds
from orchestrator.audit.checks.updates import excused_objects
from orchestrator.audit.checks.verdicts import check_verdicts
from orchestrator.audit.evidence import Binding, ConsortiumFacts, Evidence, PrivateSide, PublicSide, SentCall
from orchestrator.audit.objects import Objects
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.report import CheckResult
from orchestrator.audit.tally import Tally
from orchestrator.chain.deployment import Deployment, Side
from orchestrator.chain.public_events import Anchored, Place
from orchestrator.deployment import ContractRecord
from orchestrator.errors import ProtocolError
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.contributions import taken_out
from orchestrator.ledger.entities import RoundStatus, Update
from orchestrator.storage import MemoryStore
from orchestrator.types import ZERO_DIGEST, Cid, Digest, UpdateId

Compare = Callable[[Recomputed, Tally], None]
TITLES: Mapping[str, tuple[str, Compare]] = {
    "records": ("Records are free of contradiction", check_records),
    "rounds": ("Rounds ran on the right manifest, task and agreement", check_rounds),
    "verdicts": ("Verdicts are what was committed to", check_verdicts),
    "revocations": ("Revocations and their certificates", check_revocations),
    "receipts": ("Shred receipts", check_receipts),
}


def apply_rules(
    book: Book, checkpoints: Sequence[bundle.Anchored], calls: Mapping[Digest, Sent], told: ToldCheck
) -> Iterator[CheckResult]:
    """Recompute what the records make, and compare; one result for each topic."""
    own = Recomputed(evidence_of(book, checkpoints, calls))
    for name, (title, compare) in TITLES.items():
        tally = Tally(name, title)
        compare(own, tally)
        yield tally.result()
    tally = Tally("checkpoints", "Checkpoints, manifests and awards follow from the records")
    _check_points(own, checkpoints, tally)
    yield tally.result()
    tally = Tally("updates", "Sealed updates are there, or may be gone")
    _check_sealed(own, told.sealed, tally)
    yield tally.result()


def evidence_of(book: Book, checkpoints: Sequence[bundle.Anchored], calls: Mapping[Digest, Sent]) -> Evidence:
    """What an audit at the chains would have read, as far as it is here."""
    head, records = book.head, tuple(book.records or ())  # none of those under no root
    assert head is not None
    blocks = {record.transaction: record.block for record in records}
    last = records[-1].block if records else 0
    private = PrivateSide(
        chain_id=head.private.chain_id,
        deployment=_deployment("private", head.private, head.consortium_id),
        contracts={},
        block=last,
        block_hash=ZERO_DIGEST,
        consortium=_facts(book),
        calls={hash_: _call(sent, blocks.get(hash_, 0)) for hash_, sent in calls.items()},
        records=records,
        due=None,
        block_hashes={item.checkpoint.private_block: item.checkpoint.private_block_hash for item in checkpoints},
    )
    public = PublicSide(
        chain_id=head.public.chain_id,
        deployment=_deployment("public", head.public, head.consortium_id),
        contracts={},
        block=book.block,
        block_hash=book.anchors.block_hash,
        consortium=_facts(book),
        membership=records,
        anchored=tuple(_anchored(item.checkpoint) for item in checkpoints),
        head=book.proven_head,
    )
    return Evidence(public, private, Objects(_store(book)))


def _check_points(own: Recomputed, checkpoints: Sequence[bundle.Anchored], tally: Tally) -> None:
    """The whole content of each checkpoint is what the records make due."""
    for line in checkpoints:
        made = line.checkpoint
        where, point = f"checkpoint {made.sequence}", own.points.get(made.sequence)
        if not tally.demand(point is not None, where, "the records do not make it due"):
            continue
        assert point is not None
        if tally.demand(point.content is not None, where, f"it cannot be recomputed: {point.problem}"):
            tally.same(where, "its content", made.content, point.content)
        tally.same(where, "why it fell due", (line.subject, line.reason), (point.due.subject, point.due.reason.value))
    for sequence in sorted(own.points.keys() - {line.checkpoint.sequence for line in checkpoints}):
        tally.note(f"checkpoint {sequence} is due and not anchored yet")


def _check_sealed(own: Recomputed, sealed: Mapping[UpdateId, Sealed], tally: Tally) -> None:
    """As the bundle's maker found them: what is gone has to be excused.

    Receipts and the ends of rounds may be under no root yet; what only they excuse is noted, and is no finding.
    """
    excused, absent = {**_begun(own), **excused_objects(own, tally)}, Counter[str]()
    for update in own.state.updates.values():
        known = sealed.get(update.id)
        if known is not None:
            _check_update(update, known, excused.get(update.id, ""), absent, tally)
    for reason, count in absent.items():
        tally.note(f"objects absent: {count}, {reason}")


def _begun(own: Recomputed) -> dict[UpdateId, str]:
    """Updates whose objects may be gone by records that no root covers yet."""
    state, found = own.state, dict[UpdateId, str]()
    for round_ in state.rounds.values():
        if round_.status is RoundStatus.OPEN:
            found |= dict.fromkeys(round_.submissions, f"round {round_.id} has no end under a root")
    for revocation in state.revocations.values():
        if revocation.certificate is not None:
            try:
                gone = taken_out(state, revocation, own.specs)
            except ProtocolError:  # the check of revocations says so
                gone = frozenset(revocation.updates)
            found |= dict.fromkeys(gone, "certified, and not every receipt is under a root")
    return found


def _check_update(update: Update, known: Sealed, excuse: str, absent: Counter[str], tally: Tally) -> None:
    where = f"update {update.id} of {update.organisation} in round {update.round}"
    for what, there in (("header", known.header), ("payload", known.payload)):
        if not there and excuse:
            absent[excuse] += 1
        tally.demand(there or bool(excuse), where, f"its {what} is missing, and no certificate covers it")


def _deployment(side: Side, chain: Chain, consortium_id: Digest) -> Deployment:
    contracts = {
        name: ContractRecord(address, 0, ZERO_DIGEST, (), ZERO_DIGEST) for name, address in chain.contracts.items()
    }
    return Deployment(chain.chain_id, side, consortium_id, contracts)


def _facts(book: Book) -> ConsortiumFacts:
    """The consortium as the bundle names it, which the anchored digests of its members have shown."""
    head, members = book.head, book.members.now.last
    assert head is not None
    public, private = head.public, head.private
    binding = Binding(
        public.chain_id, public.contracts["Consortium"], private.chain_id, private.contracts["Consortium"]
    )
    return ConsortiumFacts(head.consortium_id, members.epoch, members.quorum, members.consortium_digest, (), binding)


def _call(sent: Sent, block: int) -> SentCall:
    return SentCall(sent.to, sent.data, sent.nonce, block, sent.signer)


def _anchored(made: Checkpoint) -> Anchored:
    place = Place(0, ZERO_DIGEST, ZERO_DIGEST, made.sequence)
    return Anchored(made.sequence, ZERO_DIGEST, made.manifest_digest, made, 0, place)


def _store(book: Book) -> MemoryStore:
    store = MemoryStore()
    store.objects = {Cid(cid): book.objects[digest] for cid, digest in book.cids.items()}
    return store
