"""Whether the contracts on a chain are ours, deployed as the deployment file says and linked to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_utils.crypto import keccak

from orchestrator.audit.evidence import DeployedCode, Side
from orchestrator.audit.tally import Tally
from orchestrator.chain.abi import artifact, type_of
from orchestrator.chain.deployment import normalised_code_hash
from orchestrator.deployment.links import LINKS, wanted_links
from orchestrator.types import Address

OTHER_VIEWS = {"CheckpointAnchor": ("privateChainId",)}
"""Views that are read with the links and compared elsewhere."""
BORN_OF = {"ContributionToken": "AwardDistributor"}
"""Contracts that another contract deploys in its own constructor."""


def code_is_ours(side: Side) -> bool:
    """Whether reading the contracts makes sense."""
    return all(item.code and is_ours(name, item.code) for name, item in side.contracts.items())


def is_ours(name: str, code: bytes) -> bool:
    """Whether code on a chain is that of this release, but for what deploying wrote into it."""
    return normalised_code_hash(name, code) == artifact(name).code_hash


def check_code(side: Side, tally: Tally) -> None:
    """Compare the code on chain with the deployment file and with the code of this release."""
    for name, item in side.contracts.items():
        where = f"{name} on chain {side.chain_id}"
        if not tally.demand(bool(item.code), where, f"there is no code at {item.deployed.address}"):
            continue
        found = "0x" + keccak(item.code).hex()
        tally.same(where, "the code hash in the deployment file", item.deployed.code_hash, found)
        tally.demand(is_ours(name, item.code), where, "the code is not that of this release of LoRAnchor")


def check_creation(side: Side, tally: Tally) -> None:
    """Compare the transactions that the deployment file names with what they created."""
    for name, item in side.contracts.items():
        where, creation = f"{name} on chain {side.chain_id}", item.creation
        if not tally.demand(creation is not None, where, f"the chain has no transaction {item.deployed.transaction}"):
            continue
        assert creation is not None
        tally.same(where, "the block in the deployment file", item.deployed.block, creation.block)
        if name in BORN_OF:
            _check_birth(side, name, BORN_OF[name], tally)
            continue
        made = created_address(creation.signer, creation.nonce) if creation.signer and creation.to is None else None
        tally.same(where, "the address in the deployment file", item.deployed.address, made)
        encoded = _encoded_arguments(name, item)
        tally.demand(
            encoded is not None and creation.data.endswith(encoded),
            where,
            "the constructor arguments in the deployment file are not those of the deployment",
        )


def check_links(side: Side, tally: Tally) -> None:
    """Compare what each contract says about the others with the deployment file."""
    addresses = {name: item.address for name, item in side.deployment.contracts.items()}
    for name in LINKS[side.deployment.side]:
        for view, expected in wanted_links(side.deployment.side, name, addresses).items():
            found = side.links.get(f"{name}.{view}")
            tally.same(f"{name} on chain {side.chain_id}", f"its {view}", found, expected)


def created_address(sender: Address, nonce: int) -> Address:
    """The address of a contract that an account deploys."""
    return Address("0x" + keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:].hex())


def _check_birth(side: Side, name: str, parent: str, tally: Tally) -> None:
    """A contract's own deployments count from nonce 1."""
    where, item, maker = f"{name} on chain {side.chain_id}", side.contracts[name], side.contracts[parent]
    made = created_address(Address(maker.deployed.address), 1)
    tally.same(where, "the address in the deployment file", item.deployed.address, made)
    tally.same(where, "the transaction in the deployment file", item.deployed.transaction, maker.deployed.transaction)
    named = [*maker.deployed.constructor_arguments[-2:], maker.deployed.address]
    tally.same(
        where, "the constructor arguments in the deployment file", list(item.deployed.constructor_arguments), named
    )


def _encoded_arguments(name: str, item: DeployedCode) -> bytes | None:
    entry = next((entry for entry in artifact(name).document["abi"] if entry["type"] == "constructor"), None)
    inputs = entry["inputs"] if entry else []
    given = item.deployed.constructor_arguments
    try:
        values = [_value(part, value) for part, value in zip(inputs, given, strict=True)]
        return encode([type_of(part) for part in inputs], values)
    except (EncodingError, TypeError, ValueError, OverflowError):
        return None


def _value(part: Mapping[str, Any], value: Any) -> Any:
    """A constructor argument as deployment files carry it, as eth_abi takes it."""
    type_ = str(part["type"])
    if type_.endswith("[]"):
        return [_value({**part, "type": type_[:-2]}, item) for item in value]
    if type_ == "tuple":
        return tuple(_value(inner, item) for inner, item in zip(part["components"], value, strict=True))
    if type_.startswith("bytes"):
        return bytes.fromhex(value.removeprefix("0x"))
    if "int" in type_ and not isinstance(value, bool):
        return int(value)
    return value
