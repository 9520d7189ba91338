"""Did a quorum of the members of the time sign each checkpoint, and did nobody sign two for one sequence?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from orchestrator.audit.calls import arguments_of
from orchestrator.audit.membership import Epoch
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.chain.public_events import Anchored
from orchestrator.chain.reader import Attestation
from orchestrator.commitment.checkpoints import GENESIS_HEAD, head_of
from orchestrator.commitment.eip712 import Domain, anchor_domain
from orchestrator.commitment.signatures import recover
from orchestrator.ledger.words import word
from orchestrator.types import Address, Digest, OrganisationId

Heads = Mapping[int, Mapping[Digest, int]]
"""By sequence: the heads that an honest member may sign, with their epochs."""


def check_attestations(own: Recomputed, tally: Tally) -> None:
    public = own.evidence.public
    domain = anchor_domain(public.chain_id, public.deployment.address("CheckpointAnchor"))
    heads = honest_heads(own)
    signed: dict[tuple[int, OrganisationId], set[Digest]] = defaultdict(set)
    valid: dict[Digest, set[OrganisationId]] = defaultdict(set)
    for attestation in own.evidence.private.attestations:
        if _check_attestation(own, attestation, domain, heads, tally):
            signed[attestation.sequence, attestation.organisation].add(attestation.head)
            valid[attestation.head].add(attestation.organisation)
    for anchored in public.anchored:
        _check_anchored(own, anchored, domain, valid, tally)
    _check_equivocation(own, signed, heads, tally)
    tally.note(f"signatures recovered to delegates: {len(own.evidence.private.attestations)}")


def honest_heads(own: Recomputed) -> dict[int, dict[Digest, int]]:
    """The same content may be signed once an epoch, on top of any honest head of the checkpoint before it."""
    public = own.evidence.public
    attested: dict[int, set[Digest]] = defaultdict(set)
    for attestation in own.evidence.private.attestations:
        attested[attestation.sequence].add(attestation.head)
    anchored = {item.sequence: item.head for item in public.anchored}
    heads: dict[int, dict[Digest, int]] = {0: {GENESIS_HEAD: 0}}
    for sequence, point in sorted(own.points.items()):
        below = heads.get(sequence - 1, {})
        used = {head for head in below if head in attested[sequence - 1] or anchored.get(sequence - 1, head) == head}
        heads[sequence] = {}
        for number, epoch in own.public_membership.epochs.items():
            for previous in used if point.content is not None else ():
                assert point.content is not None
                digest = epoch.members.consortium_digest
                made = point.content.checkpoint(previous_head=previous, consortium_digest=digest, epoch=number)
                heads[sequence][head_of(made)] = number
    return heads


def _check_attestation(own: Recomputed, attestation: Attestation, domain: Domain, heads: Heads, tally: Tally) -> bool:
    """Whether the signature is that of the organisation it is said to be of."""
    where = f"attestation of {attestation.organisation} for checkpoint {attestation.sequence}"
    signer = tally.attempt(where, lambda: recover(domain.digest(word(attestation.head)), attestation.signature))
    if signer is None:
        return False
    number = heads.get(attestation.sequence, {}).get(attestation.head)
    if number is None:
        likely = ", ".join(heads.get(attestation.sequence, {})) or "nothing: no such checkpoint is due"
        tally.demand(False, where, f"it is of head {attestation.head}, recomputed {likely}")
        return _ever(own, attestation.organisation, signer)
    known = own.public_membership.epochs[number].delegates.get(attestation.organisation, set())
    message = f"it was signed by {signer}, no delegate of {attestation.organisation} in epoch {number}"
    return tally.demand(signer in known, where, message)


def _ever(own: Recomputed, organisation: OrganisationId, signer: Address) -> bool:
    epochs = own.public_membership.epochs.values()
    return any(signer in epoch.delegates.get(organisation, set()) for epoch in epochs)


def _check_anchored(
    own: Recomputed, anchored: Anchored, domain: Domain, valid: Mapping[Digest, set[OrganisationId]], tally: Tally
) -> None:
    where, number = f"checkpoint {anchored.sequence}", anchored.checkpoint.epoch
    epoch = own.public_membership.epochs.get(number)
    if epoch is None:
        return  # the check of the checkpoints says so
    named = epoch.organisations(anchored.signers)
    if not tally.demand(named is not None, where, f"its signers {anchored.signers:#b} are not all members"):
        return
    assert named is not None
    quorum = epoch.members.quorum
    tally.demand(len(named) >= quorum, where, f"{len(named)} members signed, the quorum is {quorum}")
    relayed = _relayed(own, anchored, domain, epoch, tally)
    unproven = [name for name in named if name not in relayed and name not in valid.get(anchored.head, set())]
    tally.demand(not unproven, where, f"there is no signature of {', '.join(unproven)}, which the event counts")


def _relayed(own: Recomputed, anchored: Anchored, domain: Domain, epoch: Epoch, tally: Tally) -> set[OrganisationId]:
    """Members whose signatures are in the transaction that anchored the checkpoint."""
    public, where = own.evidence.public, f"checkpoint {anchored.sequence}"
    call = public.calls.get(anchored.place.transaction)
    arguments = arguments_of(call, public, "CheckpointAnchor", "anchor")
    if arguments is None:
        return set()
    found: set[OrganisationId] = set()
    for signature in arguments[2]:
        signer = tally.attempt(where, lambda s=signature: recover(domain.digest(word(anchored.head)), s))  # type: ignore[misc]
        organisation = None if signer is None else epoch.signer(signer)
        if tally.demand(organisation is not None, where, f"{signer} signed it and was no delegate in its epoch"):
            assert organisation is not None
            found.add(organisation)
    counted = sorted(epoch.organisations(anchored.signers) or ())
    tally.same(where, "the signers that the event counts", counted, sorted(found))
    return found


def _check_equivocation(
    own: Recomputed, signed: Mapping[tuple[int, OrganisationId], set[Digest]], heads: Heads, tally: Tally
) -> None:
    for (sequence, organisation), found in sorted(signed.items()):
        odd = sorted(found - heads.get(sequence, {}).keys())
        twice = len(odd) > 1 or (odd and len(found) > len(odd))
        tally.demand(
            not twice,
            f"{organisation}",
            f"equivocation: it signed different contents for checkpoint {sequence}: {', '.join(sorted(found))}",
        )
    for sequence, organisation in own.evidence.public.equivocations:
        tally.demand(False, organisation, f"equivocation at checkpoint {sequence} is proven on the public chain")
