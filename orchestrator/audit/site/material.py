"""What the auditor's page is made of, wherever it comes from: the chains, or a bundle that was handed over.

The page recomputes all of it in the browser, so nothing here has to be believed; it only has to be complete.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.audit.calls import arguments_of
from orchestrator.audit.checks.attestations import honest_heads
from orchestrator.audit.evidence import Evidence, Side
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.report import AuditReport
from orchestrator.audit.verify import NOT_CHECKED, verify_evidence
from orchestrator.chain.public_events import Anchored, AwardEvent
from orchestrator.chain.reader import Attestation
from orchestrator.errors import ObjectMissing
from orchestrator.ledger.awards import Award
from orchestrator.ledger.entities import Due, LedgerState
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.records import Record
from orchestrator.types import Address, Digest, OrganisationId


@dataclass(frozen=True)
class Place:
    """One chain, up to where it was read. ``contracts``: addresses by name."""

    chain_id: int
    block: int
    block_hash: Digest
    contracts: Mapping[str, Address]
    explorer: str | None = None


@dataclass(frozen=True)
class Cut:
    """Where a checkpoint fell due: the first ``size`` records belong to it."""

    due: Due
    size: int


@dataclass(frozen=True)
class Signed:
    """A signature of a checkpoint; ``organisation`` as the chain has it, empty where only the signature tells."""

    organisation: OrganisationId | str
    signature: bytes
    transaction: Digest
    chain: str
    head: Digest


@dataclass(frozen=True)
class Reveal:
    """The arguments of a transaction that revealed verdicts."""

    transaction: Digest
    round: int
    verdicts: Sequence[Mapping[str, Any]]
    nonce: Digest


@dataclass(frozen=True)
class Equivocation:
    """Different contents that one member signed for one checkpoint. ``proven``: on the public chain, by anyone."""

    sequence: int
    organisation: OrganisationId
    signatures: tuple[Signed, ...]
    proven: bool


@dataclass(frozen=True)
class Material:
    """Everything the page shows.

    Attributes:
        source: ``chains`` or ``bundle``.
        membership: the public Consortium's records. records: the private chain's, in the order of the tree.
        state: after the last of them. cuts: where checkpoints fell due, in order.
        signatures: of checkpoints, by sequence. awards: lists by sequence. manifests: by sequence.
        objects: tasks, agreements, certificates and receipts that are at hand, by their digests.
        report: what the audit in Python said; None where there was none.
        steps: how each manifest follows from the one before, where that is known instead of ``manifests``.
    """

    source: str
    consortium_id: Digest
    public: Place
    private: Place
    membership: Sequence[Record]
    records: Sequence[Record]
    tree: MerkleTree
    state: LedgerState
    cuts: Sequence[Cut]
    anchored: Sequence[Anchored]
    head: Digest | None
    signatures: Mapping[int, Sequence[Signed]]
    awards: Mapping[int, Sequence[Award]]
    manifests: Mapping[int, Manifest]
    award_events: Sequence[AwardEvent] = ()
    supply: int = 0
    reveals: Mapping[Digest, Reveal] = field(default_factory=dict)
    objects: Mapping[Digest, bytes] = field(default_factory=dict)
    equivocations: Sequence[Equivocation] = ()
    report: AuditReport | None = None
    limits: Sequence[str] = NOT_CHECKED
    steps: Sequence[Mapping[str, Any]] | None = None


def material_of(
    evidence: Evidence, *, public_explorer: str | None = None, private_explorer: str | None = None
) -> Material:
    """What both chains and IPFS tell, with the audit's report on it.

    Args:
        public_explorer, private_explorer: addresses of the chains' block explorers.
    """
    own = Recomputed(evidence)
    report = verify_evidence(evidence)
    public, private = evidence.public, evidence.private
    signatures = _signatures(own)
    points = own.points
    return Material(
        source="chains",
        consortium_id=public.deployment.consortium_id,
        public=_place(public, public_explorer),
        private=_place(private, private_explorer),
        membership=public.membership,
        records=own.records[: own.tree.size],
        tree=own.tree,
        state=own.state,
        cuts=[Cut(point.due, point.size) for point in points.values()],
        anchored=public.anchored,
        head=public.head,
        signatures=signatures,
        awards={sequence: point.awards for sequence, point in points.items() if point.awards},
        manifests={sequence: point.manifest for sequence, point in points.items() if point.manifest is not None},
        award_events=public.awards,
        supply=public.supply,
        reveals=_reveals(own),
        objects=_objects(own),
        equivocations=_equivocations(own, signatures),
        report=report,
        limits=report.not_checked,
    )


def _place(side: Side, explorer: str | None) -> Place:
    contracts = {name: Address(item.address) for name, item in side.deployment.contracts.items()}
    return Place(side.chain_id, side.block, side.block_hash, contracts, explorer)


def _signatures(own: Recomputed) -> dict[int, list[Signed]]:
    found: dict[int, list[Signed]] = defaultdict(list)
    for item in own.evidence.private.attestations:
        found[item.sequence].append(_attested(item))
    for anchored in own.evidence.public.anchored:
        found[anchored.sequence] += _relayed(own, anchored)
    return dict(found)


def _attested(item: Attestation) -> Signed:
    return Signed(item.organisation, item.signature, item.transaction, "private", item.head)


def _relayed(own: Recomputed, anchored: Anchored) -> list[Signed]:
    public, transaction = own.evidence.public, anchored.place.transaction
    arguments = arguments_of(public.calls.get(transaction), public, "CheckpointAnchor", "anchor")
    signatures = () if arguments is None else arguments[2]
    return [Signed("", bytes(signature), transaction, "public", anchored.head) for signature in signatures]


def _reveals(own: Recomputed) -> dict[Digest, Reveal]:
    private = own.evidence.private
    found: dict[Digest, Reveal] = {}
    for transaction, call in private.calls.items():
        arguments = arguments_of(call, private, "RoundLedger", "revealVerdicts")
        if arguments is not None:
            number, verdicts, nonce = arguments[:3]
            found[transaction] = Reveal(transaction, number, verdicts, nonce)
    return found


def _objects(own: Recomputed) -> dict[Digest, bytes]:
    """Whatever IPFS still has of the small objects that the records name. Their digests are the page's to compare."""
    named: dict[Digest, str] = {}
    for round_ in own.state.rounds.values():
        named[round_.opening.task_digest] = round_.opening.task_cid
        named[round_.opening.agreement_digest] = round_.opening.agreement_cid
    for revocation in own.state.revocations.values():
        for endorsement in revocation.endorsements.values():
            named[endorsement.certificate_digest] = endorsement.certificate_cid
        for receipt in revocation.receipts.values():
            named[receipt.receipt_digest] = receipt.receipt_cid
    found: dict[Digest, bytes] = {}
    for digest, cid in named.items():
        try:
            found[digest] = own.evidence.objects.read(cid)
        except ObjectMissing:  # the page says that it is not at hand, the report why
            continue
    return found


def _equivocations(own: Recomputed, signatures: Mapping[int, Sequence[Signed]]) -> list[Equivocation]:
    """By the rule of the attestations' check: two heads of which at most one is honest."""
    heads, proven = honest_heads(own), set(own.evidence.public.equivocations)
    signed: dict[tuple[int, OrganisationId], list[Signed]] = defaultdict(list)
    for sequence, items in signatures.items():
        for item in items:
            if item.organisation:
                signed[sequence, OrganisationId(item.organisation)].append(item)
    found: list[Equivocation] = []
    for key in sorted(signed.keys() | proven):
        by_head = {item.head: item for item in signed.get(key, ())}
        odd = by_head.keys() - heads.get(key[0], {}).keys()
        if key in proven or len(odd) > 1 or (odd and len(by_head) > len(odd)):
            found.append(Equivocation(*key, tuple(by_head.values()), key in proven))
    return found
