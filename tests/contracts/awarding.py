"""Awards and what members decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from brownie import web3
from contract_support import ETHER, contract_domain, digest, mine, sign_all
from eth_abi import encode
from eth_utils import keccak

REPLACEMENT = [("uint64", "sequence"), ("bytes32", "previousRoot"), ("bytes32", "root")]
VOID = [("uint64", "sequence"), ("bytes32", "root"), ("bytes32", "indicesHash")]
CAP_CHANGE = [("uint256", "previousCap"), ("uint256", "cap"), ("uint64", "nonce")]


def awards_of(sequence: int, holders: Sequence[Any], amount: int = 10 * ETHER) -> list[tuple[Any, ...]]:
    """One award for each holder."""
    return [
        (sequence, index, digest(f"update {index}"), holder.address, amount) for index, holder in enumerate(holders)
    ]


def decide(distributor: Any, accounts: Sequence[Any], primary: str, fields: Any, values: Sequence[Any]) -> list[str]:
    """Signatures under a decision of the distributor's."""
    return sign_all(accounts, contract_domain("LoRAnchor AwardDistributor", distributor), primary, fields, values)


def decide_void(distributor: Any, accounts: Sequence[Any], root: str, indices: Sequence[int]) -> list[str]:
    """Signatures under a void of awards of sequence 1."""
    hashed = "0x" + keccak(b"".join(encode(["uint256"], [index]) for index in indices)).hex()
    return decide(distributor, accounts, "AwardVoid", VOID, (1, root, hashed))


def decide_root(distributor: Any, accounts: Sequence[Any], previous: str, root: str) -> list[str]:
    """Signatures under another root of sequence 1."""
    return decide(distributor, accounts, "RootReplacement", REPLACEMENT, (1, previous, root))


def close_window(distributor: Any) -> None:
    """The objection window of sequence 1 is over in the present block."""
    mine(distributor.publication(1)[1] - web3.eth.block_number)


def open_claims(distributor: Any) -> None:
    """Awards of sequence 1 are paid from the next block on, the vesting time being over."""
    mine(distributor.vestedFrom(1) - web3.eth.block_number)
