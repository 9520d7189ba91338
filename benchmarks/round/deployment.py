"""All contracts for any number of members, deployed from the unlocked accounts of two local chains."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from benchmarks.gas.compiler import compiled
from benchmarks.gas.keys import Key
from orchestrator.chain.codec import encode_call, encode_values
from orchestrator.chain.connection import Connection
from orchestrator.deployment import (
    ORDER,
    ConsortiumDescription,
    ContractRecord,
    DeploymentRecord,
    MemberDescription,
    as_json,
    bindings,
    constructor_arguments,
    deploys_with,
    write_record,
)
from orchestrator.errors import ChainError
from orchestrator.ledger.canonical import sha256
from orchestrator.types import Address, Digest, OrganisationId

CONSORTIUM_ID = sha256(b"loranchor bench round")
GAS = hex(9_000_000)
ETHER = hex(100 * 10**18)
PATIENCE_SECONDS = 60.0
Sides = Mapping[str, Connection]
"""``public`` and ``private``."""


def authority(name: OrganisationId) -> Key:
    """The cold key of a member; it follows from the name."""
    return Key(f"{name} authority")


def delegate(name: OrganisationId) -> Key:
    """The hot key of a member."""
    return Key(f"{name} delegate")


def deploy(sides: Sides, folder: Path, names: Sequence[OrganisationId]) -> None:
    """A consortium of these members, whose quorum is a majority."""
    members = tuple(MemberDescription(name, authority(name).address, delegate(name).address) for name in names)
    deploy_described(sides, folder, ConsortiumDescription(CONSORTIUM_ID, len(names) // 2 + 1, members))


def deploy_described(sides: Sides, folder: Path, described: ConsortiumDescription) -> None:
    """Deploy and bind on both chains, fund all members' keys, and write the records.

    Raises:
        ChainError: a transaction failed, or was not mined in time.
    """
    records = {side: _deploy_side(chain, side, described) for side, chain in sides.items()}
    pair = [value for record in records.values() for value in (record.chain_id, record.addresses["Consortium"])]
    for side, chain in sides.items():
        _bind(chain, "Consortium", records[side].addresses["Consortium"], pair)
        write_record(folder, records[side])
        accounts = [account for member in described.members for account in (member.authority, member.delegate)]
        mined(chain, [_sent(chain, to=account, value=ETHER) for account in accounts])


def mined(chain: Connection, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
    """The receipts of transactions that were sent; makes a block where the chain makes none for each.

    Raises:
        ChainError: one of them failed, or was not mined in time.
    """
    deadline, found, asked = time.monotonic() + PATIENCE_SECONDS, [], False
    for hash_ in hashes:
        while (receipt := chain.request("eth_getTransactionReceipt", [hash_])) is None:
            if time.monotonic() > deadline:
                raise ChainError(f"{hash_} was not mined within {PATIENCE_SECONDS:g} s")
            if asked:
                time.sleep(0.05)
            else:
                chain.request("evm_mine", [])
            asked = True
        if receipt["status"] != "0x1":
            raise ChainError(f"transaction {hash_} of the deployment failed")
        found.append(receipt)
    return found


def _deploy_side(chain: Connection, side: str, described: ConsortiumDescription) -> DeploymentRecord:
    found: dict[str, ContractRecord] = {}
    for name in ORDER[side]:
        source, addresses = compiled()[name], {known: record.address for known, record in found.items()}
        entries = source.artifact.document["abi"]
        inputs: list[Any] = next((entry["inputs"] for entry in entries if entry["type"] == "constructor"), [])
        given = constructor_arguments(name, described, addresses)
        values = [_structs(value) for value in given]
        receipt = mined(chain, [_sent(chain, data=source.creation + encode_values(inputs, values, name))])[0]
        address = Address(receipt["contractAddress"].lower())
        found[name] = _record(chain, address, receipt, given)
        if inner := deploys_with(name, described, address):
            token = chain.call(address, encode_call(source.artifact.functions["token"], []))
            found[inner[0]] = _record(chain, Address("0x" + token[-20:].hex()), receipt, inner[1])
    record = DeploymentRecord(chain.chain_id, side, described.consortium_id, found)
    for name, targets in bindings(side, record.addresses).items():
        _bind(chain, name, record.addresses[name], targets)
    return record


def _structs(value: Any) -> Any:
    """The plan gives members as rows; the codec wants them by name."""
    if isinstance(value, list):
        rows = [(bytes.fromhex(word[2:]), authority_, delegate_) for word, authority_, delegate_ in value]
        return [dict(zip(("organisation", "authority", "delegate"), row, strict=True)) for row in rows]
    return value


def _bind(chain: Connection, name: str, address: str, arguments: Sequence[Any]) -> None:
    data = encode_call(compiled()[name].artifact.functions["bind"], arguments)
    mined(chain, [_sent(chain, to=address, data=data)])


def _sent(chain: Connection, *, to: str | None = None, data: bytes = b"", value: str = "0x0") -> Digest:
    sender = chain.request("eth_accounts", [])[0]
    terms = {"from": sender, "gas": GAS if data else "0x5208", "value": value} | ({"to": to} if to else {})
    return Digest(chain.request("eth_sendTransaction", [terms | ({"data": "0x" + data.hex()} if data else {})]))


def _record(chain: Connection, address: Address, receipt: Mapping[str, Any], given: Sequence[Any]) -> ContractRecord:
    code_hash = "0x" + keccak(chain.code(address)).hex()
    place = int(receipt["blockNumber"], 16), Digest(receipt["transactionHash"])
    return ContractRecord(address, *place, tuple(as_json(given)), code_hash)
