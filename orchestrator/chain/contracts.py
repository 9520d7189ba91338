"""The proxies of one chain together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.chain.deployment import Deployment, Side, check_code, load_deployment
from orchestrator.chain.port import ChainReader
from orchestrator.chain.proxies.artefact_registry import ArtefactRegistryProxy
from orchestrator.chain.proxies.award_distributor import AwardDistributorProxy
from orchestrator.chain.proxies.checkpoint_anchor import CheckpointAnchorProxy
from orchestrator.chain.proxies.checkpoint_schedule import CheckpointScheduleProxy
from orchestrator.chain.proxies.consortium import ConsortiumProxy
from orchestrator.chain.proxies.contribution_token import ContributionTokenProxy
from orchestrator.chain.proxies.disclosure_registry import DisclosureRegistryProxy
from orchestrator.chain.proxies.key_directory import KeyDirectoryProxy
from orchestrator.chain.proxies.revocation_ledger import RevocationLedgerProxy
from orchestrator.chain.proxies.round_ledger import RoundLedgerProxy
from orchestrator.chain.proxy import Proxy


@dataclass(frozen=True)
class PublicContracts:
    """Contracts of the public chain."""

    deployment: Deployment
    consortium: ConsortiumProxy
    anchor: CheckpointAnchorProxy
    awards: AwardDistributorProxy
    token: ContributionTokenProxy
    disclosure: DisclosureRegistryProxy

    @property
    def proxies(self) -> tuple[Proxy, ...]:
        return (self.consortium, self.anchor, self.awards, self.token, self.disclosure)


@dataclass(frozen=True)
class PrivateContracts:
    """Contracts of the private chain."""

    deployment: Deployment
    consortium: ConsortiumProxy
    schedule: CheckpointScheduleProxy
    keys: KeyDirectoryProxy
    rounds: RoundLedgerProxy
    revocations: RevocationLedgerProxy
    artefacts: ArtefactRegistryProxy

    @property
    def proxies(self) -> tuple[Proxy, ...]:
        return (self.consortium, self.schedule, self.keys, self.rounds, self.revocations, self.artefacts)


def public_of(chain: ChainReader, deployment: Deployment) -> PublicContracts:
    """The proxies of a deployment that is at hand."""
    return PublicContracts(
        deployment,
        ConsortiumProxy(chain, deployment.address("Consortium")),
        CheckpointAnchorProxy(chain, deployment.address("CheckpointAnchor")),
        AwardDistributorProxy(chain, deployment.address("AwardDistributor")),
        ContributionTokenProxy(chain, deployment.address("ContributionToken")),
        DisclosureRegistryProxy(chain, deployment.address("DisclosureRegistry")),
    )


def private_of(chain: ChainReader, deployment: Deployment) -> PrivateContracts:
    """The proxies of a deployment that is at hand."""
    return PrivateContracts(
        deployment,
        ConsortiumProxy(chain, deployment.address("Consortium")),
        CheckpointScheduleProxy(chain, deployment.address("CheckpointSchedule")),
        KeyDirectoryProxy(chain, deployment.address("KeyDirectory")),
        RoundLedgerProxy(chain, deployment.address("RoundLedger")),
        RevocationLedgerProxy(chain, deployment.address("RevocationLedger")),
        ArtefactRegistryProxy(chain, deployment.address("ArtefactRegistry")),
    )


def public_contracts(chain: ChainReader, deployments: Path, *, check: bool = True) -> PublicContracts:
    """Load ``deployments/<chain id>.json`` and, with ``check``, compare the code on chain."""
    return public_of(chain, _loaded(chain, deployments, "public", check=check))


def private_contracts(chain: ChainReader, deployments: Path, *, check: bool = True) -> PrivateContracts:
    """Load ``deployments/<chain id>.json`` and, with ``check``, compare the code on chain."""
    return private_of(chain, _loaded(chain, deployments, "private", check=check))


def _loaded(chain: ChainReader, deployments: Path, side: Side, *, check: bool) -> Deployment:
    deployment = load_deployment(deployments, chain.chain_id, side)
    if check:
        check_code(chain, deployment)
    return deployment
