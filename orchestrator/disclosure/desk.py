"""Where reports are handed in: one registry on one chain, and the consortium that it names."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.chain.abi import artifact
from orchestrator.chain.deployment import Deployment, check_code, normalised_code_hash
from orchestrator.chain.port import ChainPort
from orchestrator.chain.proxies.consortium import ConsortiumProxy
from orchestrator.chain.proxies.disclosure_registry import DisclosureRegistryProxy
from orchestrator.disclosure.recipients import Place
from orchestrator.errors import ConfigurationError, WrongChain


@dataclass(frozen=True)
class Desk:
    """A registry that can be read and written to."""

    chain: ChainPort
    registry: DisclosureRegistryProxy
    consortium: ConsortiumProxy
    from_block: int

    def now(self) -> int:
        """The public chain's time, which is the one that counts."""
        return self.chain.block(self.chain.block_number()).timestamp

    @property
    def place(self) -> Place:
        """What recipients and openings are bound to; asks the chain for the consortium's id."""
        return Place(self.consortium.consortium_id(), self.chain.chain_id, self.registry.address, self.from_block)


def desk_of(chain: ChainPort, deployment: Deployment) -> Desk:
    """The registry of a deployment file, whose code is compared with it.

    Raises:
        WrongChain: the code on the chain is not what was deployed.
    """
    check_code(chain, deployment, ("Consortium", "DisclosureRegistry"))
    registry = DisclosureRegistryProxy(chain, deployment.address("DisclosureRegistry"))
    consortium = ConsortiumProxy(chain, deployment.address("Consortium"))
    return Desk(chain, registry, consortium, deployment.contracts["DisclosureRegistry"].block)


def desk_at(chain: ChainPort, place: Place) -> Desk:
    """The registry that a contact names, for a reporter who has no deployment file.

    Raises:
        ConfigurationError: the contact is of another chain.
        WrongChain: what lies there is not our code, or the registry is of another consortium than the contact says.
    """
    if place.chain_id != chain.chain_id:
        raise ConfigurationError(
            f"the contact is of chain {place.chain_id}, the settings name chain {chain.chain_id}",
            mend=f"set chain.public.chain_id={place.chain_id} and chain.public.url",
        )
    registry = DisclosureRegistryProxy(chain, place.registry)
    _check(registry)
    consortium = ConsortiumProxy(chain, registry.consortium())
    _check(consortium)
    if (found := consortium.consortium_id()) != place.consortium_id:
        raise WrongChain(
            f"the registry at {place.registry} is of consortium {found}, the contact names {place.consortium_id}",
            mend="get the contact anew from the maintainers",
        )
    return Desk(chain, registry, consortium, place.from_block)


def _check(proxy: DisclosureRegistryProxy | ConsortiumProxy) -> None:
    code = proxy.chain.code(proxy.address)
    if not code or normalised_code_hash(proxy.contract, code) != artifact(proxy.contract).code_hash:
        raise WrongChain(
            f"what lies at {proxy.address} on chain {proxy.chain.chain_id} is no {proxy.contract} of this version",
            mend="check the chain, and get the contact anew from the maintainers",
        )
