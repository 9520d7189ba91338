"""Every checkpoint that a member is known to have signed: in transactions that anchor or prove equivocation, in
attestations and in handed files.

An attestation on the private chain names only a head. What it stands for is found among the checkpoints that are known:
the anchored ones, the handed ones, and those that the records give for each epoch and each head below them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak

from orchestrator.chain.abi import signature_of
from orchestrator.chain.codec import decode_values, event_values
from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.logs import read_logs
from orchestrator.chain.public_events import Anchored
from orchestrator.chain.reader import Attestation, read_attestations
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_hash, head_of
from orchestrator.commitment.eip712 import anchor_domain
from orchestrator.commitment.signatures import recover
from orchestrator.disputes.anchored import AnchorView, Proven, proven_equivocations
from orchestrator.disputes.recount import Recount
from orchestrator.disputes.signed import SignedCheckpoint
from orchestrator.errors import ChainError, FormatError
from orchestrator.ledger.checkpoint import Checkpoint, CheckpointContent
from orchestrator.ledger.words import word
from orchestrator.types import Address, Digest, OrganisationId

Epochs = Mapping[int, Digest]
"""Consortium digests by epoch, as the public chain has them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A signed checkpoint and where it was found."""

    signed: SignedCheckpoint
    where: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A member's attestation of a head that no known checkpoint has."""

    sequence: int
    organisation: OrganisationId
    head: Digest
    signature: bytes
    where: str


@dataclass
class Collection:
    """What was found.

    Attributes:
        unread: what could not be looked into, and why.
    """

    seen: list[Seen] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def epochs_of(public: PublicContracts, block: int) -> Epochs:
    """Every epoch that the public Consortium has had."""
    consortium = public.consortium
    topic = consortium.artifact.topic("EpochAdvanced")
    first = public.deployment.first_block
    values = (
        event_values(consortium.artifact.events[topic], log.topics, log.data)
        for logs in read_logs(consortium.chain, [consortium.address], first, block, [topic])
        for log in logs
    )
    return {item["epoch"]: Digest(item["consortium_digest"]) for item in values}


def collect(
    public: PublicContracts,
    private: PrivateContracts,
    view: AnchorView,
    recount: Recount,
    handed: Iterable[tuple[str, SignedCheckpoint]] = (),
) -> Collection:
    """Gather what members signed for this anchor.

    Raises:
        ChainError: a chain is down.
    """
    found, owners = Collection(), Owners(public)
    _from_files(handed, owners, found)
    _from_anchor(public, view.anchored, owners, found)
    proofs = list(_from_proofs(public, proven_equivocations(public, block=view.block), owners, found))
    first = private.deployment.first_block
    attestations = list(read_attestations(private.rounds.chain, private, first, recount.block))
    contents = {number: point.content for number, point in recount.points.items() if point.content is not None}
    known = _known([*found.seen, *proofs], view, contents, epochs_of(public, view.block), attestations)
    for attestation in attestations:
        _from_attestation(public, attestation, known, owners, found)
    before = {item.signed for item in found.seen}
    found.seen += [item for item in proofs if item.signed not in before]
    return found


class Owners:
    """Whose delegate an address is or ever was on the public chain."""

    def __init__(self, public: PublicContracts) -> None:
        self._public = public
        self._known: dict[Address, OrganisationId | None] = {}

    def organisation(self, signer: Address) -> OrganisationId | None:
        """None for a stranger."""
        if signer not in self._known:
            self._known[signer] = self._public.consortium.former_organisation_of(signer)
        return self._known[signer]

    def of_signature(self, message: bytes, signature: bytes) -> OrganisationId | None:
        """Whose key signed; None for a stranger's, and for bytes that are no signature."""
        try:
            return self.organisation(recover(message, signature))
        except FormatError:
            return None


def _from_files(handed: Iterable[tuple[str, SignedCheckpoint]], owners: Owners, found: Collection) -> None:
    for name, signed in handed:
        organisation = owners.of_signature(signed.message, signed.signature)
        if organisation != signed.organisation:
            found.unread.append(f"{name}: {organisation or 'no member'} signed it, not {signed.organisation}")
        else:
            found.seen.append(Seen(signed, name))


def _from_anchor(public: PublicContracts, anchored: Sequence[Anchored], owners: Owners, found: Collection) -> None:
    """The signatures that were relayed, from the transactions' call data."""
    chain = public.anchor.chain
    transactions = chain.transactions([item.place.transaction for item in anchored])
    for item, fields in zip(anchored, transactions, strict=True):
        signatures = relayed_signatures(public, fields)
        where = f"checkpoint {item.sequence} anchored in block {item.place.block}"
        if signatures is None:
            found.unread.append(f"{where}: its transaction is no direct call, so its signatures are not there to read")
            continue
        for signature in signatures:
            signed = _attributed(public, item.checkpoint, signature, owners)
            if signed is not None:
                found.seen.append(Seen(signed, where))


def relayed_signatures(public: PublicContracts, fields: Mapping[str, object]) -> list[bytes] | None:
    """The signatures in a transaction that calls ``anchor``; None where it is something else."""
    values = _called(public, fields, "anchor")
    return None if values is None else list(values[2])


def _from_proofs(
    public: PublicContracts, proven: Sequence[Proven], owners: Owners, found: Collection
) -> Iterator[Seen]:
    """Both checkpoints and signatures of each proven equivocation: they are whole in the transaction's call data."""
    transactions = public.anchor.chain.transactions([item.transaction for item in proven])
    for item, fields in zip(proven, transactions, strict=True):
        where = f"equivocation of {item.organisation} proven in block {item.block}"
        values = _called(public, fields, "proveEquivocation")
        if values is None:
            found.unread.append(f"{where}: its transaction is no direct call, so its checkpoints are not there to read")
            continue
        for fields_of, signature in zip(values[:2], values[2:], strict=True):
            signed = _attributed(public, Checkpoint(**fields_of), signature, owners)
            if signed is not None:
                yield Seen(signed, where)


def _called(public: PublicContracts, fields: Mapping[str, object], name: str) -> list[Any] | None:
    """The arguments of a transaction that calls this entry point of the anchor; None where it is something else."""
    entry = public.anchor.artifact.functions[name]
    try:
        data = bytes.fromhex(str(fields.get("input", fields.get("data"))).removeprefix("0x"))
        if str(fields.get("to")).lower() != public.anchor.address or data[:4] != keccak(text=signature_of(entry))[:4]:
            return None
        return decode_values(entry["inputs"], data[4:], name)
    except (ChainError, ValueError):  # bytes that are no such call
        return None


def _attributed(
    public: PublicContracts, checkpoint: Checkpoint, signature: bytes, owners: Owners
) -> SignedCheckpoint | None:
    """None where nobody's delegate signed: the contract did not count it, and neither is it anybody's fault."""
    chain_id, anchor = public.anchor.chain.chain_id, public.anchor.address
    organisation = owners.of_signature(anchor_domain(chain_id, anchor).digest(checkpoint_hash(checkpoint)), signature)
    return SignedCheckpoint(checkpoint, organisation, signature, chain_id, anchor) if organisation else None


def _known(
    shown: Iterable[Seen],
    view: AnchorView,
    contents: Mapping[int, CheckpointContent],
    epochs: Epochs,
    attestations: Sequence[Attestation],
) -> dict[Digest, Checkpoint]:
    """Checkpoints by head: those that somebody showed, and those that honest members may have signed."""
    known = {item.signed.head: item.signed.checkpoint for item in shown}
    known |= {item.head: item.checkpoint for item in view.anchored}
    signed: dict[int, set[Digest]] = defaultdict(set, {0: {GENESIS_HEAD}})
    for attestation in attestations:
        signed[attestation.sequence].add(attestation.head)
    for head, checkpoint in known.items():
        signed[checkpoint.sequence].add(head)
    for number, content in sorted(contents.items()):
        for made in _honest(content, signed[number - 1], epochs):
            known[head_of(made)] = made
    return known


def _honest(content: CheckpointContent, below: Iterable[Digest], epochs: Epochs) -> Iterator[Checkpoint]:
    for previous in below:
        for epoch, digest in epochs.items():
            yield content.checkpoint(previous_head=previous, consortium_digest=digest, epoch=epoch)


def _from_attestation(
    public: PublicContracts,
    attestation: Attestation,
    known: Mapping[Digest, Checkpoint],
    owners: Owners,
    found: Collection,
) -> None:
    """Anything can be posted as a signature: what counts is whose key it recovers to."""
    chain_id, anchor = public.anchor.chain.chain_id, public.anchor.address
    where = f"attestation in private block {attestation.block}"
    message = anchor_domain(chain_id, anchor).digest(word(attestation.head))
    organisation = owners.of_signature(message, attestation.signature)
    if not organisation:
        found.unread.append(f"{where} by {attestation.organisation}: its signature is no member's")
    elif attestation.head in known:
        signed = SignedCheckpoint(known[attestation.head], organisation, attestation.signature, chain_id, anchor)
        found.seen.append(Seen(signed, where))
    else:
        sequence, head, signature = attestation.sequence, attestation.head, attestation.signature
        found.unknown.append(Unknown(sequence, organisation, head, signature, where))
