"""Makes a bundle from what an audit has read: the same evidence and the same disclosure give the same lines."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.audit.bundle import anchored as parts
from orchestrator.audit.bundle import lines as bundle
from orchestrator.audit.bundle import told
from orchestrator.audit.bundle.container import write_lines
from orchestrator.audit.bundle.disclosure import Disclosure, disclosed
from orchestrator.audit.bundle.proofs import ProofSource, raw_transactions
from orchestrator.audit.bundle.splices import changes
from orchestrator.audit.calls import arguments_of
from orchestrator.audit.collect import Sources, collect
from orchestrator.audit.evidence import PublicSide, Side
from orchestrator.audit.recomputed import Point, Recomputed
from orchestrator.chain.port import ChainReader
from orchestrator.chain.public_events import (
    Anchored,
    AwardClaim,
    AwardEvent,
    AwardsPublication,
    AwardsRootReplaced,
    AwardVoided,
    ObjectionRaised,
)
from orchestrator.commitment.certificate import build_certificate, certificate_bytes
from orchestrator.commitment.eip712 import anchor_domain
from orchestrator.commitment.endorsed import endorsed_certificate
from orchestrator.commitment.signatures import recover
from orchestrator.errors import AuditFailure, ConfigurationError, FormatError, ObjectMissing
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import Revocation
from orchestrator.ledger.manifest import AnyEntry
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.records import Record, effective_salt
from orchestrator.ledger.words import hex_word, word
from orchestrator.types import ZERO_DIGEST, Cid, Digest, OrganisationId, RequestId

LANDMARKS = frozenset({"RoundClosed", "RevocationCertified", "ShredReceiptRecorded"})
"""Kinds of record that get an inclusion proof of their own."""
Raws = Callable[[Sequence[Digest]], dict[Digest, bytes]]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: its lines, and the public block that proves it."""

    lines: int
    block: int
    block_hash: Digest


def write_bundle(to: Path, sources: Sources, proofs: ProofSource, rule: Disclosure) -> Written:
    """Write the bundle of everything up to the chains' present blocks.

    Raises:
        ConfigurationError: there is something of that name. AuditFailure: the chains contradict themselves or each
            other. ChainError, StorageError: a chain or IPFS is down. Nothing is left half-written.
    """
    if to.exists():
        raise ConfigurationError(f"{to} exists", mend="name a new file for the bundle")
    own = Recomputed(collect(sources))
    check_sound(own)
    state = state_line(own.evidence.public, sources.public, proofs)
    lines = bundle_lines(own, state, lambda hashes: raw_transactions(sources.private, hashes), rule)
    side = own.evidence.public
    return Written(_written(to, lines), side.block, side.block_hash)


def check_sound(own: Recomputed) -> None:
    """Refuses to hand over what does not agree with itself.

    Raises:
        AuditFailure: the contracts are not ours, the records contradict each other, or a checkpoint does not follow.
    """
    evidence, why = own.evidence, ""
    if not evidence.readable:
        why = "the contracts are not those of this release"
    elif own.contradiction or evidence.private.broken:
        why = own.contradiction or evidence.private.broken
    else:
        odd = [item.sequence for item in evidence.public.anchored if not _follows(own, item)]
        why = f"checkpoint {odd[0]} does not follow from the private chain" if odd else ""
    if why:
        raise AuditFailure(f"there is nothing sound to hand over: {why}", mend="see `loranchor audit verify`")


def state_line(side: PublicSide, chain: ChainReader, proofs: ProofSource) -> bundle.State:
    """The header of the last block read and the anchor's head in its state."""
    address = side.deployment.address("CheckpointAnchor")
    proof = proofs.prove(address, [bundle.HEAD_SLOT], side.block)
    slot = bundle.Slot("head", bundle.HEAD_SLOT, proof.slots[0])
    account = bundle.Account("CheckpointAnchor", address, chain.code(address), proof.account, (slot,))
    return bundle.State(proofs.header(side.block), (account,))


def bundle_lines(own: Recomputed, state: bundle.State, raws: Raws, rule: Disclosure) -> Iterator[bundle.Line]:
    """Every line but the last, in order."""
    evidence = own.evidence
    yield bundle.Head(
        evidence.public.deployment.consortium_id, _chain(evidence.public), _chain(evidence.private), rule.terms
    )
    yield state
    maker = _Maker(own, raws, rule)
    for anchored in evidence.public.anchored:
        yield from maker.group(anchored, own.points[anchored.sequence])
    yield from maker.rest()
    yield from _told(own, maker.shown)


@dataclass(frozen=True, slots=True)
class _Known:
    """An object that the bundle has to have from a record on."""

    what: str
    cid: Cid


class _Maker:
    """Walks through the records, group by group."""

    def __init__(self, own: Recomputed, raws: Raws, rule: Disclosure) -> None:
        self._own, self._raws = own, raws
        self.shown, self._whole = disclosed(own.records, own.state, rule)
        self._at = 0
        self._given: set[str] = set()
        self._entries: tuple[AnyEntry, ...] = ()
        self._digest: Digest = ZERO_DIGEST

    def group(self, anchored: Anchored, point: Point) -> Iterator[bundle.Line]:
        """A checkpoint with its records before it and what it anchors after it."""
        first, before = self._at, self._sizes(anchored)
        yield from self._leaves(point.size)
        yield from self._attestations(anchored.sequence, anchored)
        epoch = self._own.public_membership.epochs[anchored.checkpoint.epoch]
        proof = self._own.tree.consistency_proof(before, point.size)
        due, signers = point.due, epoch.organisations(anchored.signers) or ()
        yield parts.Anchored(
            anchored.checkpoint, anchored.head, signers, tuple(proof), Digest(due.subject), due.reason.value
        )
        yield from self._manifest(point)
        if point.awards:
            leaves = (parts.AwardLeaf(item.index, item.update_id, item.account, item.amount) for item in point.awards)
            yield parts.Awards(due.sequence, tuple(leaves))
        yield from self._certificate(RequestId(due.subject))
        yield from self._landmarks(first, point.size)

    def rest(self) -> Iterator[bundle.Line]:
        """What no anchored root covers yet."""
        yield from self._leaves(self._own.tree.size)
        anchored = {item.sequence for item in self._own.evidence.public.anchored}
        for sequence in sorted({item.sequence for item in self._own.evidence.private.attestations} - anchored):
            yield from self._attestations(sequence)

    def _sizes(self, anchored: Anchored) -> int:
        known = self._own.points.get(anchored.sequence - 1)
        return 0 if known is None else known.size

    def _leaves(self, end: int) -> Iterator[bundle.Line]:
        records, start = self._own.records[self._at : end], self._at
        self._at = end
        yield from self._objects(records, start)
        wanted = [item.transaction for item in records if item.transaction in self._whole]
        yield from leaf_lines(records, start, self.shown[start:end], self._raws(wanted), self._own.tree)

    def _objects(self, records: Sequence[Record], start: int) -> Iterator[bundle.Object]:
        """What these records name and no line has yet, in order of the digests."""
        found: dict[Digest, bundle.Object] = {}
        for index, record in enumerate(records, start):
            for known in _named_by(record) if self.shown[index] or record.kind == "ShredReceiptRecorded" else ():
                if known.cid not in self._given and (item := self._object(known)) is not None:
                    found[sha256(item.text.encode())] = item
                self._given.add(known.cid)
        for digest in sorted(found):
            yield found[digest]

    def _object(self, known: _Known) -> bundle.Object | None:
        """None where nobody has it, or where it is no text: the check says that it is missing."""
        try:
            text = self._own.evidence.objects.read(known.cid).decode()
        except (ObjectMissing, UnicodeDecodeError):
            return None
        return bundle.Object(known.what, known.cid, text) if text else None

    def _attestations(self, sequence: int, anchored: Anchored | None = None) -> Iterator[parts.Attestations]:
        found = {
            (item.organisation, item.head, item.signature)
            for item in self._own.evidence.private.attestations
            if item.sequence == sequence and len(item.signature) == 65
        }
        found |= set() if anchored is None else set(_relayed(self._own, anchored))
        if found:
            yield parts.Attestations(sequence, tuple(parts.Signature(*item) for item in sorted(found)))

    def _manifest(self, point: Point) -> Iterator[parts.Manifest]:
        manifest = point.manifest
        if manifest is None or manifest.digest == self._digest:
            return
        made = changes(self._entries, manifest.entries)
        splices = (parts.Splice(at, remove, tuple(item.document() for item in new)) for at, remove, new in made)
        yield parts.Manifest(point.due.sequence, manifest.document, tuple(splices))
        self._entries, self._digest = manifest.entries, manifest.digest

    def _certificate(self, request: RequestId) -> Iterator[bundle.Line]:
        revocation = self._own.state.revocations.get(request)
        known = None if revocation is None else _certificate_of(revocation)
        if known is None:
            return
        item = self._object(known)
        try:
            data = self._rebuilt(request) if item is None else item.text.encode()
            yield parts.Certificate(endorsed_certificate(self._own.records, request, data).document())
        except FormatError:
            yield parts.Certificate(None)

    def _rebuilt(self, request: RequestId) -> bytes:
        """Where IPFS does not have it any more: what every member computes from the records."""
        identity = self._own.evidence.private.deployment.consortium_id
        document = build_certificate(self._own.state, request, self._own.specs, consortium_id=identity)
        return certificate_bytes(document)

    def _landmarks(self, first: int, size: int) -> Iterator[parts.Inclusion]:
        for index in range(first, size):
            if self.shown[index] and self._own.records[index].kind in LANDMARKS:
                yield parts.Inclusion(index, size, tuple(self._own.tree.inclusion_proof(index, size)))


def leaf_lines(
    records: Sequence[Record], start: int, shown: Sequence[bool], raws: Mapping[Digest, bytes], tree: MerkleTree
) -> Iterator[bundle.Line]:
    """Records and hashes of leaves in their order.

    Args:
        start: the leaf of the first. shown: which of them are disclosed. raws: the transactions of which all is.
        tree: over all records so far.
    """
    hidden, current = list[bytes](), ""
    for index, (record, yes) in enumerate(zip(records, shown, strict=True), start):
        if hidden and (yes or len(hidden) == bundle.HASHES_IN_A_LINE):
            yield bundle.Leaves(index - len(hidden), tuple(hidden))
            hidden = []
        if not yes:
            hidden.append(tree.leaf(index))
            continue
        whole = record.transaction in raws
        if whole and record.transaction != current:
            yield bundle.Transaction(raws[record.transaction])
        current = record.transaction
        yield _record(index, record, whole=whole)
    if hidden:
        yield bundle.Leaves(start + len(records) - len(hidden), tuple(hidden))


def _follows(own: Recomputed, anchored: Anchored) -> bool:
    point = own.points.get(anchored.sequence)
    return point is not None and point.content == anchored.checkpoint.content


def _relayed(own: Recomputed, anchored: Anchored) -> Iterator[tuple[OrganisationId, Digest, bytes]]:
    """Members' signatures in the transaction that anchored a checkpoint; who relays it may have got them elsewhere."""
    public = own.evidence.public
    arguments = arguments_of(public.calls.get(anchored.place.transaction), public, "CheckpointAnchor", "anchor")
    epoch = own.public_membership.epochs[anchored.checkpoint.epoch]
    domain = anchor_domain(public.chain_id, public.deployment.address("CheckpointAnchor"))
    for signature in () if arguments is None else arguments[2]:
        organisation = epoch.signer(recover(domain.digest(word(anchored.head)), signature))
        if organisation is not None:
            yield organisation, anchored.head, signature


def _chain(side: Side) -> bundle.Chain:
    names = {name: side.deployment.address(name) for name in sorted(side.deployment.contracts)}
    return bundle.Chain(side.chain_id, names)


def _record(index: int, record: Record, *, whole: bool) -> bundle.Disclosed:
    salt = record.salt if whole else None
    effective = None if whole else hex_word(effective_salt(record.salt, record.log_index))
    return bundle.Disclosed(index, record.document(), salt, effective)


def _named_by(record: Record) -> Iterable[_Known]:
    fields = record.fields
    if record.kind == "RoundOpened":
        opening = fields["opening"]
        yield _Known("task", Cid(opening["task_cid"]))
        yield _Known("agreement", Cid(opening["agreement_cid"]))
    elif record.kind == "CertificateEndorsed":
        yield _Known("certificate", Cid(fields["certificate_cid"]))
    elif record.kind == "ShredReceiptRecorded":
        yield _Known("receipt", Cid(fields["receipt_cid"]))


def _certificate_of(revocation: Revocation) -> _Known | None:
    given = (item for item in revocation.endorsements.values() if item.certificate_digest == revocation.certificate)
    cid = min((item.certificate_cid for item in given), default=None)
    return None if cid is None else _Known("certificate", cid)


def _told(own: Recomputed, shown: Sequence[bool]) -> Iterator[bundle.Line]:
    public = own.evidence.public
    for anchored in public.anchored:
        yield told.Anchoring(anchored.sequence, anchored.place.block, anchored.place.transaction)
    for event in public.awards:
        yield _payment(event)
    for sequence, organisation in sorted(set(public.equivocations)):
        yield told.Equivocation(sequence, organisation)
    objects = own.evidence.objects
    for record, yes in zip(own.records, shown, strict=True):
        if yes and record.kind == "UpdateReleased":
            cids = record.fields["header_cid"], record.fields["payload_cid"]
            yield told.Sealed(record.fields["update_id"], *(objects.here(cid) for cid in cids))
    yield told.Supply(public.supply)


def _payment(event: AwardEvent) -> told.Payment:
    match event:
        case AwardsPublication():
            name, fields = "published", {"root": event.root, "claimable_from": event.claimable_from}
        case ObjectionRaised():
            objector = {"organisation": event.organisation, "reason": event.reason}
            name, fields = "objection", {**objector, "claimable_from": event.claimable_from}
        case AwardsRootReplaced():
            name, fields = "replaced", {"previous": event.previous, "current": event.current}
        case AwardVoided():
            name, fields = "voided", {"index": event.index}
        case AwardClaim():
            paid = {"account": event.account, "amount": str(event.amount)}
            name, fields = "claimed", {"index": event.index, "update_id": event.update_id, **paid}
    place = event.place
    return told.Payment(name, event.sequence, place.block, place.transaction, place.log_index, fields)


def _written(to: Path, lines: Iterable[bundle.Line]) -> int:
    """All of it or nothing."""
    to.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            count = write_lines(file, lines)
        Path(name).chmod(0o644)
        Path(name).replace(to)
    finally:
        Path(name).unlink(missing_ok=True)
    return count
