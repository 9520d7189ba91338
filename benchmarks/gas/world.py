"""A consortium of any size on two chains, deployed by the plan that `brownie run deploy` follows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.gas.chain import Chain, Contract
from benchmarks.gas.keys import Key
from benchmarks.gas.meter import Meter
from benchmarks.gas.node import PRIVATE_CHAIN, PUBLIC_CHAIN, anvil
from orchestrator.commitment.eip712 import Pair, Seat
from orchestrator.deployment import ORDER, ConsortiumDescription, MemberDescription, bindings, constructor_arguments
from orchestrator.ledger.canonical import sha256
from orchestrator.storage.cid import cid_of
from orchestrator.types import Digest, OrganisationId

NAMES = ("aurora", "borealis", "cumulus")
CONSORTIUM_ID = sha256(b"loranchor bench consortium")
WINDOW, VESTING, STEP, EMBARGO = 20, 5, 100, 1000
DEPLOYER, STRANGER = Key("deployer"), Key("stranger")


@dataclass(frozen=True)
class Member:
    """One organisation with both keys."""

    name: OrganisationId
    authority: Key
    delegate: Key

    @property
    def seat(self) -> Seat:
        return Seat(self.name, self.authority.address)


@dataclass(frozen=True)
class World:
    """The contracts of both chains by name, bound, and their members."""

    members: tuple[Member, ...]
    quorum: int
    meter: Meter
    public: dict[str, Contract]
    private: dict[str, Contract]

    @property
    def pair(self) -> Pair:
        public, private = self.public["Consortium"], self.private["Consortium"]
        return Pair(CONSORTIUM_ID, PUBLIC_CHAIN, public.address, PRIVATE_CHAIN, private.address)

    @property
    def delegates(self) -> list[Key]:
        return [member.delegate for member in self.members]


def organisation(place: int) -> OrganisationId:
    return OrganisationId(NAMES[place] if place < len(NAMES) else f"member-{place:03}")


def member(place: int) -> Member:
    name = organisation(place)
    return Member(name, Key(f"{name} authority"), Key(f"{name} delegate"))


def digest(text: str) -> Digest:
    """A digest that stands for something."""
    return sha256(text.encode())


def cid(text: str) -> str:
    """A CIDv0, as objects on IPFS have them."""
    return cid_of(text.encode())


@contextmanager
def consortium(size: int, meter: Meter, *, noted: bool = False) -> Iterator[World]:
    """Two chains with a consortium of ``size`` members and a majority as quorum; ``noted`` measures the deployment."""
    quorum, members = size // 2 + 1, tuple(member(place) for place in range(size))
    described = tuple(MemberDescription(one.name, one.authority.address, one.delegate.address) for one in members)
    description = ConsortiumDescription(
        CONSORTIUM_ID,
        quorum,
        described,
        public_chain_id=PUBLIC_CHAIN,
        private_chain_id=PRIVATE_CHAIN,
        window_blocks=WINDOW,
        vesting_blocks=VESTING,
        step_blocks=STEP,
        embargo_seconds=EMBARGO,
    )
    with anvil(PUBLIC_CHAIN) as public_node, anvil(PRIVATE_CHAIN) as private_node:
        sides = {"public": Chain(public_node, meter), "private": Chain(private_node, meter)}
        variant = f"{size} members" if noted else None
        found = {side: _deploy(chain, side, description, variant) for side, chain in sides.items()}
        _bind(found, noted)
        yield World(members, quorum, meter, found["public"], found["private"])


def _deploy(chain: Chain, side: str, description: ConsortiumDescription, variant: str | None) -> dict[str, Contract]:
    found: dict[str, Contract] = {}
    for name in ORDER[side]:
        addresses = {known: str(contract.address) for known, contract in found.items()}
        arguments = [_structs(value) for value in constructor_arguments(name, description, addresses)]
        plain = variant if variant is None or name == "Consortium" else ""
        found[name] = chain.deploy(name, arguments, DEPLOYER, plain)
    if side == "public":
        found["ContributionToken"] = chain.at("ContributionToken", found["AwardDistributor"].read("token"))
    return found


def _structs(value: Any) -> Any:
    """The plan gives members as rows; the codec wants them by name."""
    if isinstance(value, list):
        rows = [(bytes.fromhex(word[2:]), authority, delegate) for word, authority, delegate in value]
        return [dict(zip(("organisation", "authority", "delegate"), row, strict=True)) for row in rows]
    return value


def _bind(found: dict[str, dict[str, Contract]], noted: bool) -> None:
    variant = "" if noted else None
    both = [contracts["Consortium"] for contracts in found.values()]
    pair = [value for one in both for value in (one.chain.connection.chain_id, one.address)]
    for side, contracts in found.items():
        contracts["Consortium"].send("bind", *pair, sender=DEPLOYER, variant=variant)
        addresses = {name: str(contract.address) for name, contract in contracts.items()}
        for name, arguments in bindings(side, addresses).items():
            contracts[name].send("bind", *arguments, sender=DEPLOYER, variant=variant)
