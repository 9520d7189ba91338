"""What the constructors wrote into the code: the value that every immutable must have, and the code with them in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from orchestrator.deployment.compiled import Compiled
from orchestrator.errors import ConfigurationError

DOMAIN = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
# EIP-712 domains of our contracts; the token's has the token's own name
DOMAIN_NAMES = {
    "CheckpointAnchor": "LoRAnchor CheckpointAnchor",
    "AwardDistributor": "LoRAnchor AwardDistributor",
    "RevocationLedger": "LoRAnchor RevocationLedger",
}
DOMAIN_VERSION = "1"
LONG_TEXT = (0xFF).to_bytes(32, "big")
"""What OpenZeppelin's ShortStrings has for a text of more than 31 bytes, which lies in storage."""


@dataclass(frozen=True)
class Facts:
    """What is known of one deployed contract.

    Attributes:
        arguments: of its constructor, by name. contracts: addresses of all contracts on its chain.
    """

    name: str
    chain_id: int
    address: str
    deployer: str
    arguments: Mapping[str, Any]
    contracts: Mapping[str, str]


def expected(facts: Facts, variables: Sequence[str]) -> dict[str, bytes]:
    """The 32 bytes that each immutable must hold.

    Args:
        variables: as `Contract.variable`, the contract being the one that declares it.

    Raises:
        ConfigurationError: there is no rule for one of them.
    """
    domain = _domain(facts)
    return {variable: _value(facts, domain, variable) for variable in variables}


def filled(compiled: Compiled, values: Mapping[str, bytes]) -> bytes:
    """The runtime code as it lies on a chain."""
    code = bytearray.fromhex(compiled.runtime)
    for variable, places in compiled.immutables.items():
        for start, length in places:
            code[start : start + length] = values[variable][-length:]
    return bytes(code)


def short_text(text: str) -> bytes:
    """OpenZeppelin's ShortString: the bytes, and their number in the last one."""
    data = text.encode()
    return LONG_TEXT if len(data) > 31 else data.ljust(31, b"\0") + bytes([len(data)])


def _value(facts: Facts, domain: Mapping[str, bytes], variable: str) -> bytes:
    contract, _, name = variable.partition(".")
    if contract == "EIP712" and name in domain:
        return domain[name]
    if name == "_deployer":
        return _word(facts.deployer)
    if variable == "AwardDistributor.token":
        return _word(facts.contracts.get("ContributionToken", "0x"))
    label = name.strip("_")
    if label not in facts.arguments:
        raise ConfigurationError(
            f"nobody knows what {variable} of {facts.name} should be", mend="orchestrator/deployment/immutables.py"
        )
    return _word(facts.arguments[label])


def _domain(facts: Facts) -> dict[str, bytes]:
    """The immutables of OpenZeppelin's EIP712."""
    name = DOMAIN_NAMES.get(facts.name) or str(facts.arguments.get("name", ""))
    hashes = keccak(text=name), keccak(text=DOMAIN_VERSION)
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    return {
        "_cachedDomainSeparator": keccak(encode(types, [DOMAIN, *hashes, facts.chain_id, facts.address])),
        "_cachedChainId": _word(facts.chain_id),
        "_cachedThis": _word(facts.address),
        "_hashedName": hashes[0],
        "_hashedVersion": hashes[1],
        "_name": short_text(name),
        "_version": short_text(DOMAIN_VERSION),
    }


def _word(value: Any) -> bytes:
    if isinstance(value, str) and value.startswith("0x"):
        return bytes.fromhex(value[2:]).rjust(32, b"\0")
    return int(value).to_bytes(32, "big")
