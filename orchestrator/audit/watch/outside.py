"""What anybody can compare on the public chain alone, without a word from a member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from orchestrator.audit.contracts import check_code, check_creation, check_links
from orchestrator.audit.evidence import PublicSide, Side
from orchestrator.audit.membership import membership_of
from orchestrator.audit.report import Finding
from orchestrator.audit.tally import Tally
from orchestrator.chain.public_events import (
    AwardClaim,
    AwardsPublication,
    AwardsRootReplaced,
    AwardVoided,
    ObjectionRaised,
)
from orchestrator.commitment.checkpoints import GENESIS_HEAD, head_of
from orchestrator.errors import ProtocolError
from orchestrator.types import Digest


def contract_findings(side: Side) -> tuple[Finding, ...]:
    """Whether the contracts of a chain are those that its deployment file names, and ours."""
    tally = Tally("contracts", "")
    tally.same(f"deployment of chain {side.chain_id}", "its chain id", side.deployment.chain_id, side.chain_id)
    check_code(side, tally)
    check_creation(side, tally)
    if side.consortium is not None:
        check_links(side, tally)
    return tally.result().findings


def outside_findings(side: PublicSide) -> Mapping[str, tuple[Finding, ...]]:
    """By topic, as the audit names them; a subject's name is the audit's too, so that one matter is one alert."""
    if side.consortium is None:
        return {}
    return {
        "consortium": tuple(_members(side)),
        "checkpoints": tuple(_checkpoints(side)),
        "attestations": tuple(_signatures(side)),
        "awards": tuple(_awards(side)),
    }


def paid(side: PublicSide) -> int:
    """Tokens that claims have minted, in their smallest unit."""
    return sum(event.amount for event in side.awards if isinstance(event, AwardClaim))


def _members(side: PublicSide) -> Iterator[Finding]:
    where, facts = f"Consortium on chain {side.chain_id}", side.consortium
    try:
        last = membership_of(side.membership).last
    except ProtocolError as error:
        yield Finding(where, error.message)
        return
    found = (last.epoch, last.quorum, last.consortium_digest, tuple(last.seats))
    names = tuple(member.organisation for member in facts.members) if facts else ()
    if facts is None or found != (facts.epoch, facts.quorum, facts.consortium_digest, names):
        yield Finding(where, "its events tell of other members, quorum or epoch than it answers")


def _checkpoints(side: PublicSide) -> Iterator[Finding]:
    """Without gaps, each on top of the one before, and nothing of them falls."""
    head = GENESIS_HEAD
    for sequence, item in enumerate(side.anchored, start=1):
        where, made = f"checkpoint {item.sequence}", head_of(item.checkpoint)
        if (item.sequence, item.checkpoint.sequence) != (sequence, sequence):
            yield Finding(where, f"it is the {sequence}. that was anchored")
        if made != item.head:
            yield Finding(where, f"the event names head {item.head}, and its checkpoint has {made}")
        if item.checkpoint.previous_head != head:
            yield Finding(where, f"it follows head {item.checkpoint.previous_head}, and the one before is {head}")
        head = made
    if side.head != head:
        yield Finding("CheckpointAnchor", f"its head is {side.head}, and that of the last event {head}")
    for earlier, later in pairwise(item.checkpoint for item in side.anchored):
        for name in ("tree_size", "private_block"):
            before, after = getattr(earlier, name), getattr(later, name)
            if after < before:
                where = f"checkpoints {earlier.sequence} and {later.sequence}"
                yield Finding(where, f"{name} falls from {before} to {after}")


def _signatures(side: PublicSide) -> Iterator[Finding]:
    for sequence, organisation in side.equivocations:
        yield Finding(organisation, f"equivocation at checkpoint {sequence} is proven on the public chain")
    try:
        epochs = membership_of(side.membership).epochs
    except ProtocolError:  # told by the members' check
        return
    for item in side.anchored:
        epoch = epochs.get(item.checkpoint.epoch)
        named = None if epoch is None else epoch.organisations(item.signers)
        if epoch is None or named is None or len(named) < epoch.members.quorum:
            yield Finding(f"checkpoint {item.sequence}", "the event counts no quorum of the members of its epoch")


def _awards(side: PublicSide) -> Iterator[Finding]:
    """Roots are those that were anchored or replaced by authorities; nothing is claimed twice, early or without one."""
    anchored = {item.sequence: item.checkpoint.awards_root for item in side.anchored}
    roots: dict[int, Digest] = {}
    claimable: dict[int, int] = {}
    claimed: set[tuple[int, Digest | None, int]] = set()
    for event in side.awards:
        where = f"awards of checkpoint {event.sequence}"
        match event:
            case AwardsPublication():
                if event.root != anchored.get(event.sequence):
                    yield Finding(where, f"the published root is {event.root}, not the anchored one")
                roots[event.sequence], claimable[event.sequence] = event.root, event.claimable_from
            case ObjectionRaised():
                claimable[event.sequence] = event.claimable_from
            case AwardsRootReplaced():
                roots[event.sequence] = event.current
            case AwardVoided():
                claimed.add((event.sequence, roots.get(event.sequence), event.index))
            case AwardClaim():
                where, spent = f"claim {event.index} of checkpoint {event.sequence}", roots.get(event.sequence)
                if (event.sequence, spent, event.index) in claimed:
                    yield Finding(where, "it was claimed or voided before")
                if event.place.block < claimable.get(event.sequence, 1 << 63):
                    yield Finding(where, "it was paid before claims were taken, or without published awards")
                claimed.add((event.sequence, spent, event.index))
