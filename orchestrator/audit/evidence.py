"""Everything an audit has read from the chains, once. The checks are functions of this and of nothing else.

It holds what the nodes answered, not what follows from it: whatever can be recomputed is recomputed by the checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from orchestrator.audit.objects import Objects
from orchestrator.chain.deployment import Deployment
from orchestrator.chain.public_events import Anchored, AwardEvent
from orchestrator.chain.reader import Attestation, Due
from orchestrator.chain.structs import Member
from orchestrator.deployment import ContractRecord
from orchestrator.ledger.records import Record
from orchestrator.types import Address, Digest, OrganisationId


@dataclass(frozen=True)
class SentCall:
    """A transaction whose fields hash to its hash. ``signer`` is recovered; None where nobody signed it so."""

    to: Address | None
    data: bytes
    nonce: int
    block: int
    signer: Address | None


@dataclass(frozen=True)
class DeployedCode:
    """A contract as the deployment file names it and as the chain has it.

    Attributes:
        creation: the transaction that the file names; None where the chain does not know it.
    """

    deployed: ContractRecord
    code: bytes
    creation: SentCall | None


@dataclass(frozen=True)
class Binding:
    """The pair of Consortium contracts, as one of them names it."""

    public_chain_id: int
    public_address: Address
    private_chain_id: int
    private_address: Address


@dataclass(frozen=True)
class ConsortiumFacts:
    """What a Consortium contract answers at the last block read."""

    consortium_id: Digest
    epoch: int
    quorum: int
    consortium_digest: Digest
    members: tuple[Member, ...]
    binding: Binding


@dataclass(frozen=True)
class Side:
    """One chain.

    Attributes:
        block, block_hash: the last block read.
        consortium: None where the contracts are not ours, so that nothing was read from them.
        links: what each contract answers about the others, by ``Contract.view``.
        calls: transactions that some check reads the arguments of.
    """

    chain_id: int
    deployment: Deployment
    contracts: Mapping[str, DeployedCode]
    block: int
    block_hash: Digest
    consortium: ConsortiumFacts | None = None
    links: Mapping[str, object] = field(default_factory=dict)
    calls: Mapping[Digest, SentCall] = field(default_factory=dict)


@dataclass(frozen=True)
class PrivateSide(Side):
    """The private chain.

    Attributes:
        ignored: events that count for nobody, and why, such as a sender that did not sign.
        broken: why reading records stopped; empty where it did not.
        due: what the chain announced; None where that was not read, as from a bundle, which has no events but records.
        block_hashes: of the blocks in which checkpoints fell due.
    """

    records: tuple[Record, ...] = ()
    ignored: tuple[str, ...] = ()
    broken: str = ""
    due: tuple[Due, ...] | None = ()
    attestations: tuple[Attestation, ...] = ()
    block_hashes: Mapping[int, Digest] = field(default_factory=dict)


@dataclass(frozen=True)
class PublicSide(Side):
    """The public chain.

    Attributes:
        membership: events of the public Consortium, as records. head: the anchor's.
        supply: what the token says it has minted.
        equivocations: proven on the public chain, as sequence and organisation.
    """

    membership: tuple[Record, ...] = ()
    broken: str = ""
    anchored: tuple[Anchored, ...] = ()
    head: Digest | None = None
    awards: tuple[AwardEvent, ...] = ()
    supply: int = 0
    equivocations: tuple[tuple[int, OrganisationId], ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Both chains and the objects on IPFS.

    Attributes:
        addresses_handed: whether the deployments are the member's and not the auditor's own.
        usage: what it took to read.
    """

    public: PublicSide
    private: PrivateSide
    objects: Objects
    addresses_handed: bool = False
    usage: Mapping[str, int] = field(default_factory=dict)

    @property
    def readable(self) -> bool:
        """Whether the contracts are ours, so that there is anything to check beyond that."""
        return self.public.consortium is not None and self.private.consortium is not None

    def as_of(self, public_block: int, private_block: int) -> Evidence:
        """What an audit would have read when the chains were that high; the contracts' own answers stay."""
        public = replace(
            self.public,
            block=public_block,
            membership=tuple(item for item in self.public.membership if item.block <= public_block),
            anchored=tuple(item for item in self.public.anchored if item.place.block <= public_block),
            awards=tuple(item for item in self.public.awards if item.place.block <= public_block),
        )
        private = replace(
            self.private,
            block=private_block,
            records=tuple(item for item in self.private.records if item.block <= private_block),
            due=tuple(item for item in self.private.due or () if item.block <= private_block),
            attestations=tuple(item for item in self.private.attestations if item.block <= private_block),
        )
        return replace(self, public=public, private=private)
