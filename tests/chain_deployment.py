"""All contracts on two test chains, deployed without Brownie, for tests of the package."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chain_nodes import AccountSigner, call_as_owner, create, fund
from eth_utils.crypto import keccak

from orchestrator.chain.abi import artifact
from orchestrator.chain.codec import encode_call, encode_values
from orchestrator.chain.connection import Connection
from orchestrator.chain.contracts import PrivateContracts, PublicContracts, private_contracts, public_contracts
from orchestrator.chain.structs import Opening
from orchestrator.deployment import (
    ORDER,
    ConsortiumDescription,
    ContractRecord,
    DeploymentRecord,
    MemberDescription,
    bindings,
    constructor_arguments,
    deploys_with,
    write_record,
)
from orchestrator.ledger.words import hex_word
from orchestrator.types import Cid, Digest, OrganisationId
from tools.abi import CONTRACTS, standard_input
from tools.setup.paths import ROOT
from tools.setup.solc import link_solc

NAMES = ("aurora", "borealis", "cumulus")


@dataclass(frozen=True)
class MemberKeys:
    """Both keys of a member."""

    organisation: OrganisationId
    authority: AccountSigner
    delegate: AccountSigner


@dataclass(frozen=True)
class Consortium:
    """Three members with their contracts on both chains."""

    members: tuple[MemberKeys, ...]
    public: PublicContracts
    private: PrivateContracts
    public_chain: Connection
    private_chain: Connection
    folder: Path


@cache
def creation_code() -> dict[str, str]:
    """Creation code of every contract, from the pinned compiler."""
    question = standard_input()
    question["settings"]["outputSelection"]["*"]["*"] = ["evm.bytecode.object"]
    command = [link_solc(), "--standard-json", "--allow-paths", "node_modules"]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, cwd=ROOT, check=True)
    contracts = json.loads(done.stdout)["contracts"]
    return {name: contracts[source][name]["evm"]["bytecode"]["object"] for name, source in CONTRACTS.items()}


def deploy(
    public_chain: Connection, private_chain: Connection, folder: Path, *, quorum: int = 2, **terms: Any
) -> Consortium:
    """Deploy, bind, fund, and load the proxies, whose code is checked then. ``terms``: of the description."""
    keys = tuple(MemberKeys(OrganisationId(name), AccountSigner(), AccountSigner()) for name in NAMES)
    members = tuple(MemberDescription(key.organisation, key.authority.address, key.delegate.address) for key in keys)
    description = ConsortiumDescription(
        "0x" + "c0" * 32,
        quorum,
        members,
        public_chain_id=public_chain.chain_id,
        private_chain_id=private_chain.chain_id,
        **{"window_blocks": 2, **terms},
    )
    sides = {"public": public_chain, "private": private_chain}
    records = {side: _deploy_side(chain, side, description) for side, chain in sides.items()}
    pair: list[Any] = []
    for record in records.values():
        pair += [record.chain_id, record.addresses["Consortium"]]
    for side, chain in sides.items():
        _bind(chain, "Consortium", records[side].addresses["Consortium"], pair)
        write_record(folder, records[side])
        for key in keys:
            fund(chain, key.authority.address)
            fund(chain, key.delegate.address)
    public, private = public_contracts(public_chain, folder), private_contracts(private_chain, folder)
    return Consortium(keys, public, private, public_chain, private_chain, folder)


def _deploy_side(chain: Connection, side: str, description: ConsortiumDescription) -> DeploymentRecord:
    found: dict[str, ContractRecord] = {}
    for name in ORDER[side]:
        addresses = {known: record.address for known, record in found.items()}
        arguments = constructor_arguments(name, description, addresses)
        inputs = next(entry for entry in artifact(name).document["abi"] if entry["type"] == "constructor")["inputs"]
        values = [_hexed(value) for value in arguments]
        address = create(chain, "0x" + creation_code()[name] + encode_values(inputs, values, name).hex())
        found[name] = _record(chain, address)
        if inner := deploys_with(name, description, address):
            token = chain.call(address, encode_call(artifact(name).functions["token"], []))
            found[inner[0]] = _record(chain, "0x" + token[-20:].hex())
    record = DeploymentRecord(chain.chain_id, side, description.consortium_id, found)
    for name, targets in bindings(side, record.addresses).items():
        _bind(chain, name, record.addresses[name], targets)
    return record


def _hexed(value: Any) -> Any:
    """Members come as lists with 32-byte words; the codec wants mappings with names."""
    if isinstance(value, list):
        return [
            {"organisation": bytes.fromhex(word[2:]), "authority": authority, "delegate": delegate}
            for word, authority, delegate in value
        ]
    return value


def _bind(chain: Connection, name: str, address: str, arguments: list[Any]) -> None:
    call_as_owner(chain, address, encode_call(artifact(name).functions["bind"], arguments))  # type: ignore[arg-type]


def _record(chain: Connection, address: str) -> ContractRecord:
    code = chain.code(address)  # type: ignore[arg-type]
    return ContractRecord(address, chain.block_number(), hex_word(bytes(32)), (), "0x" + keccak(code).hex())


def digest(text: str) -> Digest:
    """SHA-256 of a text, where any digest will do."""
    return hex_word(hashlib.sha256(text.encode()).digest())


def opening(agreement: Digest) -> Opening:
    """A round that nobody has a task for."""
    return Opening(
        manifest_digest=digest("manifest"),
        task_digest=digest("task"),
        task_cid=Cid("QmTask"),
        agreement_digest=agreement,
        agreement_cid=Cid("QmAgreement"),
        submit_blocks=100,
        release_blocks=100,
        commit_blocks=100,
        reveal_blocks=100,
        minimum_updates=2,
        epsilon_cap=0,
    )
