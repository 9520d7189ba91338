"""The proxies of a deployment that is at hand, whether or not it lies in a folder."""

from __future__ import annotations

from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.deployment import Deployment
from orchestrator.chain.port import ChainPort
from orchestrator.chain.proxies.award_distributor import AwardDistributorProxy
from orchestrator.chain.proxies.checkpoint_anchor import CheckpointAnchorProxy
from orchestrator.chain.proxies.checkpoint_schedule import CheckpointScheduleProxy
from orchestrator.chain.proxies.consortium import ConsortiumProxy
from orchestrator.chain.proxies.contribution_token import ContributionTokenProxy
from orchestrator.chain.proxies.disclosure_registry import DisclosureRegistryProxy
from orchestrator.chain.proxies.key_directory import KeyDirectoryProxy
from orchestrator.chain.proxies.revocation_ledger import RevocationLedgerProxy
from orchestrator.chain.proxies.round_ledger import RoundLedgerProxy


def public_of(chain: ChainPort, deployment: Deployment) -> PublicContracts:
    return PublicContracts(
        deployment,
        ConsortiumProxy(chain, deployment.address("Consortium")),
        CheckpointAnchorProxy(chain, deployment.address("CheckpointAnchor")),
        AwardDistributorProxy(chain, deployment.address("AwardDistributor")),
        ContributionTokenProxy(chain, deployment.address("ContributionToken")),
        DisclosureRegistryProxy(chain, deployment.address("DisclosureRegistry")),
    )


def private_of(chain: ChainPort, deployment: Deployment) -> PrivateContracts:
    return PrivateContracts(
        deployment,
        ConsortiumProxy(chain, deployment.address("Consortium")),
        CheckpointScheduleProxy(chain, deployment.address("CheckpointSchedule")),
        KeyDirectoryProxy(chain, deployment.address("KeyDirectory")),
        RoundLedgerProxy(chain, deployment.address("RoundLedger")),
        RevocationLedgerProxy(chain, deployment.address("RevocationLedger")),
    )
