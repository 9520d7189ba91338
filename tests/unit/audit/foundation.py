"""The contracts of the life in memory: deployed by real transactions, answering as the real ones would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from unit.audit.ledger_chain import LedgerChain, Told
from unit.ledger.actors import CONSORTIUM_ID, MEMBERS, address_of_key, authority, delegate, private_key

from orchestrator.audit.contracts import created_address
from orchestrator.chain.abi import artifact
from orchestrator.chain.deployment import Deployment, Side
from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import Seat
from orchestrator.deployment import ORDER, ContractRecord
from orchestrator.types import Address, Digest

PUBLIC, PRIVATE = 31337, 1337
DEPLOYER = private_key("deployer", "consortium")
NO_ADDRESS = Address("0x" + "00" * 20)
QUORUM = 2


def fake_code(name: str) -> bytes:
    return f"code of {name}".encode()


def deploy(side: Side, chain: LedgerChain) -> Deployment:
    contracts: dict[str, ContractRecord] = {}
    chain.addresses |= {
        name: created_address(address_of_key(DEPLOYER), nonce) for nonce, name in enumerate(ORDER[side])
    }
    if side == "public":
        chain.addresses["ContributionToken"] = created_address(chain.addresses["AwardDistributor"], 1)
    for name in ORDER[side]:
        arguments = _arguments(side, name, chain)
        told = _founding() if name == "Consortium" else []
        types, values = _encodable(name, arguments)
        transaction = chain.transact(DEPLOYER, None, b"\x60" + encode(types, values), told)
        contracts[name] = _record(chain, name, transaction, arguments)
        if name == "AwardDistributor":
            token = [*arguments[-2:], chain.addresses[name]]
            contracts["ContributionToken"] = _record(chain, "ContributionToken", transaction, token)
    return Deployment(chain.chain_id, side, CONSORTIUM_ID, contracts)


def answer(
    public_chain: LedgerChain, private_chain: LedgerChain, *, head: Callable[[], Digest], supply: Callable[[], int]
) -> None:
    """The contracts' views."""
    public, private = public_chain.addresses, private_chain.addresses
    for chain in (public_chain, private_chain):
        chain.views |= {
            ("Consortium", "consortiumId"): lambda: [CONSORTIUM_ID],
            ("Consortium", "current"): lambda: [1, QUORUM, _digest()],
            ("Consortium", "binding"): lambda: [PUBLIC, public["Consortium"], PRIVATE, private["Consortium"]],
            ("Consortium", "members"): lambda: [_members()],
        }
    public_chain.views |= {
        ("CheckpointAnchor", "head"): lambda: [head()],
        ("CheckpointAnchor", "privateChainId"): lambda: [PRIVATE],
        ("ContributionToken", "totalSupply"): lambda: [supply()],
        ("ContributionToken", "minter"): lambda: [public["AwardDistributor"]],
        ("AwardDistributor", "anchor"): lambda: [public["CheckpointAnchor"]],
        ("AwardDistributor", "token"): lambda: [public["ContributionToken"]],
    }
    private_chain.views |= {
        ("CheckpointSchedule", "binding"): lambda: [private["RoundLedger"], private["RevocationLedger"]],
        ("KeyDirectory", "rounds"): lambda: [private["RoundLedger"]],
        ("RoundLedger", "schedule"): lambda: [private["CheckpointSchedule"]],
        ("RoundLedger", "keys"): lambda: [private["KeyDirectory"]],
        ("RoundLedger", "revocations"): lambda: [private["RevocationLedger"]],
        ("RevocationLedger", "rounds"): lambda: [private["RoundLedger"]],
        ("RevocationLedger", "schedule"): lambda: [private["CheckpointSchedule"]],
    }
    for chain in (public_chain, private_chain):
        for name in chain.addresses:
            if "consortium" in artifact(name).functions:
                chain.views[name, "consortium"] = lambda chain=chain: [chain.addresses["Consortium"]]


def _digest() -> Digest:
    return consortium_digest(CONSORTIUM_ID, 1, QUORUM, [Seat(name, authority(name)) for name in MEMBERS])


def _members() -> list[dict[str, str]]:
    return [{"organisation": name, "authority": authority(name), "delegate": delegate(name)} for name in MEMBERS]


def _founding() -> list[Told]:
    told: list[Told] = []
    for name in MEMBERS:
        told.append(("Consortium", "MemberAdded", {"organisation": name, "authority": authority(name)}))
        rotated = {"organisation": name, "previous": NO_ADDRESS, "current": delegate(name)}
        told.append(("Consortium", "DelegateRotated", rotated))
    advanced = {"epoch": 1, "consortium_digest": _digest(), "quorum": QUORUM, "members": len(MEMBERS)}
    return [*told, ("Consortium", "EpochAdvanced", advanced)]


def _arguments(side: str, name: str, chain: LedgerChain) -> list[Any]:
    consortium = chain.addresses["Consortium"]
    words = [["0x" + m.encode().ljust(32, b"\0").hex(), authority(m), delegate(m)] for m in MEMBERS]
    return {
        "Consortium": [CONSORTIUM_ID, words, QUORUM],
        "CheckpointAnchor": [consortium, PRIVATE],
        "AwardDistributor": [consortium, chain.addresses.get("CheckpointAnchor"), str(10**24), 3, 0, "Token", "TKN"],
        "DisclosureRegistry": [consortium, 3600],
        "RoundLedger": [
            consortium,
            chain.addresses.get("CheckpointSchedule"),
            chain.addresses.get("KeyDirectory"),
            200_000,
        ],
        "RevocationLedger": [
            consortium,
            chain.addresses.get("RoundLedger"),
            chain.addresses.get("CheckpointSchedule"),
            600,
        ],
    }.get(name, [consortium])


def _encodable(name: str, arguments: list[Any]) -> tuple[list[str], list[Any]]:
    entry = next(item for item in artifact(name).document["abi"] if item["type"] == "constructor")
    types = ["(bytes32,address,address)[]" if part["type"] == "tuple[]" else part["type"] for part in entry["inputs"]]
    return types, [_raw(type_, value) for type_, value in zip(types, arguments, strict=True)]


def _raw(type_: str, value: Any) -> Any:
    if type_.endswith("[]"):
        return [(bytes.fromhex(word[2:]), first, second) for word, first, second in value]
    if type_ == "bytes32":
        return bytes.fromhex(value[2:])
    return int(value) if type_.startswith("uint") else value


def _record(chain: LedgerChain, name: str, transaction: Digest, arguments: list[Any]) -> ContractRecord:
    address, code = chain.addresses[name], fake_code(name)
    chain.codes[address] = code
    return ContractRecord(address, chain.block_number(), transaction, tuple(arguments), "0x" + keccak(code).hex())
