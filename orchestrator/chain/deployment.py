"""Deployment files: where our contracts are on one chain, and whether the code there is ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from eth_utils.crypto import keccak

from orchestrator.chain.abi import PRIVATE, PUBLIC, artifact
from orchestrator.chain.port import ChainPort
from orchestrator.errors import ConfigurationError, EnvironmentMissing, FormatError, WrongChain
from orchestrator.types import Address, Digest

Side = Literal["public", "private"]
FORMAT = "loranchor/deployment"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_DIGEST = re.compile(r"0x[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class DeployedContract:
    """One contract of a deployment. ``code_hash``: keccak of the code that lies at the address."""

    name: str
    address: Address
    block: int
    transaction: Digest
    constructor_arguments: tuple[Any, ...]
    code_hash: Digest


@dataclass(frozen=True)
class Deployment:
    """Everything deployed on one chain."""

    chain_id: int
    side: Side
    consortium_id: Digest
    contracts: Mapping[str, DeployedContract]

    @property
    def first_block(self) -> int:
        """The first block that can hold one of our events."""
        return min(contract.block for contract in self.contracts.values())

    def address(self, name: str) -> Address:
        return self.contracts[name].address


def load_deployment(folder: Path, chain_id: int, side: Side) -> Deployment:
    """Read ``<folder>/<chain id>.json``.

    Raises:
        EnvironmentMissing: there is no such file. FormatError: it is not a deployment of this version.
        ConfigurationError: it describes another chain or the other side.
    """
    path = folder / f"{chain_id}.json"
    if not path.is_file():
        raise EnvironmentMissing(
            f"there is no deployment file {path}", mend=f"deploy with `brownie run deploy --network {side}`"
        )
    try:
        deployment = parse_deployment(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise FormatError(f"{path} is not JSON: {error}") from error
    except FormatError as error:
        raise FormatError(f"{path}: {error.message}", mend=error.mend) from error
    if deployment.chain_id != chain_id or deployment.side != side:
        raise ConfigurationError(
            f"{path} describes the {deployment.side} chain {deployment.chain_id}, expected the {side} chain {chain_id}",
            mend="check chain.public.chain_id, chain.private.chain_id and the folder of deployment files",
        )
    return deployment


def parse_deployment(document: Any) -> Deployment:
    """Check and read the document of a deployment file."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FormatError(f"not a {FORMAT} document")
    if document.get("version") != 1:
        raise FormatError(f"version {document.get('version')!r} of {FORMAT} is unknown", mend="upgrade LoRAnchor")
    side, chain_id, contracts = document.get("role"), document.get("chain_id"), document.get("contracts")
    if side not in ("public", "private") or not _natural(chain_id) or not isinstance(contracts, dict):
        raise FormatError("role, chain_id or contracts is wrong")
    wanted = PUBLIC if side == "public" else PRIVATE
    missing = [name for name in wanted if name not in contracts]
    if missing:
        raise FormatError(f"no contract {', '.join(missing)}", mend="deploy again with `brownie run deploy`")
    return Deployment(
        chain_id=cast("int", chain_id),
        side=cast("Side", side),
        consortium_id=Digest(_text(document, "consortium_id", _DIGEST)),
        contracts={name: _contract(name, contracts[name]) for name in wanted},
    )


def _contract(name: str, entry: Any) -> DeployedContract:
    if not isinstance(entry, dict) or not _natural(entry.get("block")):
        raise FormatError(f"the entry of {name} is wrong")
    return DeployedContract(
        name=name,
        address=Address(_text(entry, "address", _ADDRESS)),
        block=entry["block"],
        transaction=Digest(_text(entry, "transaction", _DIGEST)),
        constructor_arguments=tuple(entry.get("constructor_arguments", ())),
        code_hash=Digest(_text(entry, "code_hash", _DIGEST)),
    )


def _natural(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(entry: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise FormatError(f"{name} is {value!r}")
    return value.lower()


def check_code(chain: ChainPort, deployment: Deployment, names: Iterable[str] = ()) -> None:
    """Compare the code on chain with the deployment file and with the committed artifacts.

    Raises:
        WrongChain: no code, or other code, at a contract's address.
    """
    for name in names or deployment.contracts:
        contract = deployment.contracts[name]
        code = chain.code(contract.address)
        where = f"{name} at {contract.address} on chain {deployment.chain_id}"
        if not code:
            raise WrongChain(
                f"there is no contract {where}",
                mend="the chain was started anew since: deploy again with `brownie run deploy`",
            )
        if "0x" + keccak(code).hex() != contract.code_hash:
            raise WrongChain(f"the code of {where} is not what was deployed", mend="do not use this chain")
        if normalised_code_hash(name, code) != artifact(name).code_hash:
            raise WrongChain(
                f"the code of {where} is not that of this version of LoRAnchor",
                mend="use the version that it was deployed with, or deploy again",
            )


def normalised_code_hash(name: str, code: bytes) -> Digest:
    """keccak of runtime code with its immutables zeroed, at the places that the artifact names."""
    plain = bytearray(code)
    for place in artifact(name).document.get("immutables", ()):
        start, length = int(place["start"]), int(place["length"])
        plain[start : start + length] = bytes(length)
    return Digest("0x" + keccak(bytes(plain)).hex())
