"""Deployment files: where our contracts are on one chain, and whether the code there is ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eth_utils.crypto import keccak

from orchestrator.chain.abi import PRIVATE, PUBLIC, artifact
from orchestrator.chain.links import named_by, shown
from orchestrator.chain.port import ChainReader
from orchestrator.deployment import ContractRecord, masked, read_record, record_path
from orchestrator.deployment.links import wanted_links
from orchestrator.errors import ConfigurationError, EnvironmentMissing, WrongChain
from orchestrator.types import Address, Digest

Side = Literal["public", "private"]


@dataclass(frozen=True)
class Deployment:
    """Everything deployed on one chain; ``contracts`` hold address, block and the hash of the code that lies there."""

    chain_id: int
    side: Side
    consortium_id: Digest
    contracts: Mapping[str, ContractRecord]

    @property
    def first_block(self) -> int:
        """The first block that can hold one of our events."""
        return min(contract.block for contract in self.contracts.values())

    def address(self, name: str) -> Address:
        return Address(self.contracts[name].address)


def load_deployment(folder: Path, chain_id: int, side: Side) -> Deployment:
    """Read ``<folder>/<chain id>.json``.

    Raises:
        EnvironmentMissing: there is no such file, or its deployment was not finished.
        ConfigurationError: the file is damaged, of another version, of another chain or of the other side.
    """
    path = record_path(folder, chain_id)
    mend = f"deploy with `brownie run deploy --network {side}`"
    record = read_record(folder, chain_id)
    if record is None:
        raise EnvironmentMissing(f"there is no deployment file {path}", mend=mend)
    if record.role != side:
        raise ConfigurationError(
            f"{path} describes the {record.role} chain, expected the {side} one",
            mend="check chain.public.chain_id, chain.private.chain_id and the folder of deployment files",
        )
    wanted = PUBLIC if side == "public" else PRIVATE
    missing = [name for name in wanted if name not in record.contracts]
    if missing or record.pending is not None:
        raise EnvironmentMissing(f"{path} lacks {', '.join(missing) or 'an end'}: it was not finished", mend=mend)
    contracts = {name: record.contracts[name] for name in wanted}
    return Deployment(chain_id, side, Digest(record.consortium_id), contracts)


def check_code(chain: ChainReader, deployment: Deployment, names: Iterable[str] = ()) -> None:
    """Compare the code on chain with the deployment file and with the committed artifacts, and of a whole deployment
    what the contracts name each other: the code is compared without its immutables, which say whom they obey.

    Args:
        names: of the contracts to look at, by themselves; else all of them together.

    Raises:
        WrongChain: no code, or other code, at a contract's address, or it names others than the file.
        EnvironmentMissing: one is not bound yet.
    """
    _check_each(chain, deployment, names or deployment.contracts)
    if not names:
        check_links(chain, deployment)


def check_links(chain: ChainReader, deployment: Deployment) -> None:
    """Compare what the contracts say of each other, and the Consortium of itself, with the deployment file.

    Raises:
        WrongChain: one names another than the file. EnvironmentMissing: one is not bound yet.
    """
    addresses = {name: contract.address for name, contract in deployment.contracts.items()}
    for name, contract in deployment.contracts.items():
        wanted = wanted_links(deployment.side, name, addresses)
        if name == "Consortium":
            wanted = {"consortiumId": deployment.consortium_id}
        for view, expected in wanted.items():
            found = named_by(chain, name, contract.address, view)
            if _is_nobody(found):
                raise EnvironmentMissing(
                    f"{name} at {contract.address} on chain {deployment.chain_id} is not bound yet (its {view})",
                    mend=f"finish with `brownie run deploy --network {deployment.side}`",
                )
            if found != expected:
                raise WrongChain(
                    f"{name} at {contract.address} on chain {deployment.chain_id} names {shown(found)} as its {view}, "
                    f"{deployment.chain_id}.json names {shown(expected)}",
                    mend="do not use this deployment before you know why; `brownie run verify` compares all of it",
                )


def _is_nobody(found: Any) -> bool:
    return all(int(str(item), 16) == 0 for item in (found if isinstance(found, list) else [found]))


def _check_each(chain: ChainReader, deployment: Deployment, names: Iterable[str]) -> None:
    for name in names:
        contract = deployment.contracts[name]
        code = chain.code(Address(contract.address))
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
    return Digest("0x" + keccak(masked(code, artifact(name).document["immutables"])).hex())
