"""The Consortium contracts of both chains: found, checked and read. Each chain alone, since one may be down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from orchestrator.chain.deployment import check_code, load_deployment
from orchestrator.chain.port import ChainPort
from orchestrator.chain.proxies.consortium import ConsortiumProxy
from orchestrator.commitment.eip712 import Pair
from orchestrator.errors import ChainError, LoranchorError
from orchestrator.governance.present import Present, SideName
from orchestrator.governance.seats import NO_ADDRESS
from orchestrator.ledger.entities import Member
from orchestrator.settings import Settings
from orchestrator.types import Digest

SIDES: tuple[SideName, SideName] = ("public", "private")


class GovernedConsortium(ConsortiumProxy):
    """The proxy, with what only governance asks."""

    def pause_nonce(self, *, block: int | None = None) -> int:
        """Least nonce that the next pause or resumption may carry."""
        return int(self._view("pauseNonce", block=block))

    def pair(self, *, block: int | None = None) -> Pair | None:
        """The two contracts of this consortium; None before ``bind``."""
        bound: dict[str, Any] = self._view("binding", block=block)
        public_id, public, private_id, private = bound.values()
        if public == NO_ADDRESS:
            return None
        return Pair(Digest(self._view("consortiumId", block=block)), public_id, public, private_id, private)

    def present(self, side: SideName) -> Present:
        """Everything about membership, of one block."""
        block = self.chain.block_number()
        current = self.current(block=block)
        return Present(
            side=side,
            chain_id=self.chain.chain_id,
            address=self.address,
            pair=self.pair(block=block),
            consortium_id=Digest(self._view("consortiumId", block=block)),
            epoch=current.epoch,
            quorum=current.quorum,
            digest=current.consortium_digest,
            paused=bool(self._view("paused", block=block)),
            pause_nonce=self.pause_nonce(block=block),
            members=tuple(
                Member(member.organisation, member.authority, member.delegate) for member in self.members(block=block)
            ),
        )


@dataclass(frozen=True)
class Side:
    """One chain with its Consortium contract, read once."""

    name: SideName
    chain: ChainPort
    consortium: GovernedConsortium
    present: Present

    def again(self) -> Side:
        """The same, as it is now."""
        return replace(self, present=self.consortium.present(self.name))


def read_side(settings: Settings, name: SideName) -> Side:
    """Connect to one chain, check the contract's code, and read it.

    Raises:
        ChainError, WrongChain: it does not answer, or is another. EnvironmentMissing: nothing is deployed.
        ConfigurationError: no address is set, or the deployment file is wrong.
    """
    chain = settings.connection(name)
    deployment = load_deployment(settings.deployments, chain.chain_id, name)
    check_code(chain, deployment, ["Consortium"])
    consortium = GovernedConsortium(chain, deployment.address("Consortium"))
    return Side(name, chain, consortium, consortium.present(name))


@dataclass(frozen=True)
class Sides:
    """What could be read of both chains; ``failed`` says why the other could not."""

    found: dict[SideName, Side]
    failed: dict[SideName, LoranchorError]

    @property
    def presents(self) -> list[Present]:
        return [side.present for side in self.found.values()]

    def both(self) -> tuple[Side, Side]:
        """Public and private; raises what went wrong with either."""
        for error in self.failed.values():
            raise error
        return self.found["public"], self.found["private"]

    def only(self, name: SideName) -> Sides:
        """One chain alone; raises what went wrong with it."""
        if name in self.failed:
            raise self.failed[name]
        return Sides({name: self.found[name]}, {})


def read_sides(settings: Settings) -> Sides:
    """Both chains, as far as they answer."""
    found: dict[SideName, Side] = {}
    failed: dict[SideName, LoranchorError] = {}
    for name in SIDES:
        try:
            found[name] = read_side(settings, name)
        except ChainError as error:
            failed[name] = error
    return Sides(found, failed)
