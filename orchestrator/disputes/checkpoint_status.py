"""Where checkpoints stand: what is anchored and due, who has attested to what this node recomputes, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.reader import Attestation, read_attestations
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_digest, head_of
from orchestrator.commitment.signatures import recover
from orchestrator.disputes.anchored import AnchorView, anchor_view
from orchestrator.disputes.recount import Point, Recount
from orchestrator.errors import FormatError
from orchestrator.governance.contracts import GovernedConsortium
from orchestrator.governance.drift import Drift, drift
from orchestrator.governance.present import Present, SideName
from orchestrator.ledger.checkpoint import Checkpoint, CheckpointContent
from orchestrator.types import Address, Digest, OrganisationId


@dataclass(frozen=True)
class Attested:
    """A member's last attestation for one checkpoint. ``problem``: why it does not count now; empty where it does."""

    head: Digest
    signature: bytes
    block: int
    problem: str = ""


@dataclass(frozen=True)
class Pending:
    """A checkpoint that is due and not anchored.

    Attributes:
        checkpoint: what members are to sign now; None for a later one, whose previous head is not anchored yet, and
            where ``problem`` says why it could not be recomputed.
        attested: by member. missing: members whose attestation is still wanted.
    """

    point: Point
    checkpoint: Checkpoint | None
    problem: str
    attested: Mapping[OrganisationId, Attested]
    missing: tuple[OrganisationId, ...]
    quorum: int

    @property
    def signed(self) -> int:
        """How many count."""
        return sum(not item.problem for item in self.attested.values())


@dataclass(frozen=True)
class Status:
    """Both chains as of one look.

    Attributes:
        drift: what the two Consortium contracts disagree on.
        differences: anchored checkpoints that this node recomputes otherwise, a sentence each.
        unknown: why checkpoints could not be recomputed, by sequence.
    """

    view: AnchorView
    due: int
    pending: tuple[Pending, ...]
    drift: tuple[Drift, ...]
    differences: tuple[str, ...]
    unknown: Mapping[int, str]


def status_of(public: PublicContracts, private: PrivateContracts, recount: Recount) -> Status:
    """Read both chains and compare.

    Raises:
        ChainError: one of them is down.
    """
    view = anchor_view(public, block=public.anchor.chain.block_number())
    here, there = present_of(public, "public"), present_of(private, "private")
    first = private.deployment.first_block
    attestations = list(read_attestations(private.rounds.chain, private, first, recount.block))
    numbers = range(len(view.anchored) + 1, len(recount.points) + 1)
    pending = tuple(_pending(public, view, recount.points[number], attestations, here) for number in numbers)
    differences, unknown = tuple(_differences(view, recount)), {n: str(why) for n, why in recount.unknown.items()}
    return Status(view, len(recount.points), pending, drift(here, there), differences, unknown)


def present_of(contracts: PublicContracts | PrivateContracts, side: SideName) -> Present:
    """Membership as one chain has it now."""
    return GovernedConsortium(contracts.consortium.chain, contracts.consortium.address).present(side)


def _pending(
    public: PublicContracts, view: AnchorView, point: Point, attestations: Sequence[Attestation], present: Present
) -> Pending:
    checkpoint = None
    if point.content is not None and point.due.sequence == len(view.anchored) + 1:
        checkpoint = point.content.checkpoint(
            previous_head=view.head, consortium_digest=present.digest, epoch=present.epoch
        )
    attested: dict[OrganisationId, Attested] = {}
    for item in attestations:
        if item.sequence == point.due.sequence:
            problem = _problem(public, item, checkpoint, present)
            earlier = attested.get(item.organisation)
            if earlier is None or earlier.problem or not problem:  # one that counts is not outdone by one that does not
                attested[item.organisation] = Attested(item.head, item.signature, item.block, problem)
    done = {name for name, item in attested.items() if not item.problem}
    missing = tuple(member.organisation for member in present.members if member.organisation not in done)
    problem = "" if point.problem is None else str(point.problem)
    return Pending(point, checkpoint, problem, attested, missing, present.quorum)


def _problem(public: PublicContracts, item: Attestation, checkpoint: Checkpoint | None, present: Present) -> str:
    """Why an attestation does not count; anything can be posted as one."""
    if checkpoint is None:
        return "not compared"
    if item.head != head_of(checkpoint):
        return f"another head than this node's {head_of(checkpoint)} for epoch {present.epoch}"
    member = present.member(item.organisation)
    if member is None:
        return "no member on the public chain"
    message = checkpoint_digest(checkpoint, public.anchor.chain.chain_id, public.anchor.address)
    if signer_of(message, item.signature) != member.delegate:
        return f"not signed by its delegate {member.delegate}"
    return ""


def signer_of(message: bytes, signature: bytes) -> Address | None:
    """Who signed; None for bytes that are no signature."""
    try:
        return recover(message, signature)
    except FormatError:
        return None


def _differences(view: AnchorView, recount: Recount) -> Iterator[str]:
    head = GENESIS_HEAD
    for item in view.anchored:
        if item.checkpoint.previous_head != head or head_of(item.checkpoint) != item.head:
            yield f"checkpoint {item.sequence} does not follow from the one before it"
        head = item.head
        point = recount.points.get(item.sequence)
        if point is None:
            yield f"checkpoint {item.sequence} is anchored, but this node's private chain has not made it due"
        elif point.content is not None:
            for name in differing(item.checkpoint, point.content):
                found, own = getattr(item.checkpoint, name), getattr(point.content, name)
                yield f"checkpoint {item.sequence} is anchored with {name} {found}, recomputed {own}"


def differing(checkpoint: Checkpoint, content: CheckpointContent) -> tuple[str, ...]:
    """Fields of the content that a checkpoint has otherwise."""
    names = (item.name for item in fields(CheckpointContent))
    return tuple(name for name in names if getattr(checkpoint, name) != getattr(content, name))
