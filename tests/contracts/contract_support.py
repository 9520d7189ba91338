"""What the contract tests share: parties with their keys, EIP-712 signatures made independently, awards trees."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import brownie
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

ZERO = "0x" + "00" * 32
NOBODY = "0x" + "00" * 20
SALT = "0x" + "5a" * 32
MILLION = 1_000_000
ETHER = 10**18

SEAT = [{"name": "organisation", "type": "bytes32"}, {"name": "authority", "type": "address"}]
PAIR = [("bytes32", "consortiumId"), ("uint256", "publicChainId"), ("address", "publicAddress")]
PAIR += [("uint256", "privateChainId"), ("address", "privateAddress")]
CHECKPOINT = [("uint64", "sequence"), ("bytes32", "previousHead"), ("bytes32", "recordsRoot"), ("uint64", "treeSize")]
CHECKPOINT += [("uint256", "privateChainId"), ("uint64", "privateBlock"), ("bytes32", "privateBlockHash")]
CHECKPOINT += [("bytes32", "manifestDigest"), ("bytes32", "awardsRoot"), ("bytes32", "consortiumDigest")]
CHECKPOINT += [("uint64", "epoch")]
CONSORTIUM_DOMAIN = {"name": "LoRAnchor Consortium", "version": "1"}


def digest(text: str) -> str:
    """A digest that stands for something."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


def name(text: str) -> str:
    """An organisation or reason as bytes32."""
    return "0x" + text.encode().ljust(32, b"\0").hex()


def refused(error: str) -> Any:
    """Expects a revert with this custom error."""
    return brownie.reverts(revert_pattern=rf"{error}(: .*)?")


def refuses(error: str, method: Any, *arguments: Any, sender: Any) -> None:
    """A call from ``sender`` would revert with this custom error; nothing is sent, so nothing has to be traced."""
    with refused(error):
        method.call(*arguments, {"from": sender})


def mine(blocks: int) -> None:
    """Empty blocks in one request; Brownie would send one for each."""
    if blocks > 0:
        answer = brownie.web3.provider.make_request("anvil_mine", [hex(blocks)])
        assert "error" not in answer, answer


@dataclass(frozen=True)
class Party:
    """One organisation: its name as bytes32, and two accounts that can sign."""

    organisation: str
    authority: Any
    delegate: Any

    @property
    def member(self) -> tuple[str, Any, Any]:
        return self.organisation, self.authority.address, self.delegate.address

    @property
    def seat(self) -> tuple[str, str]:
        return self.organisation, self.authority.address


def key(label: str) -> Any:
    """A Brownie account with a key of its own and money."""
    account = brownie.accounts.add(hashlib.sha256(label.encode()).hexdigest())
    if account.balance() < ETHER:
        brownie.accounts[0].transfer(account, 100 * ETHER, silent=True)
    return account


def party(label: str) -> Party:
    return Party(name(label), key(f"{label} authority"), key(f"{label} delegate"))


def contract_domain(title: str, contract: Any) -> dict[str, Any]:
    chain_id = brownie.web3.chain_id
    return {"name": title, "version": "1", "chainId": chain_id, "verifyingContract": contract.address}


def sign(account: Any, domain: dict[str, Any], primary: str, fields: Any, values: Sequence[Any], **structs: Any) -> str:
    """One EIP-712 signature by eth_account; ``fields`` are (type, name) pairs, ``values`` in their order."""
    types = {primary: [{"type": type_, "name": field} for type_, field in fields], **structs}
    message = {field: plain(value) for (_, field), value in zip(fields, values, strict=True)}
    signable = encode_typed_data(domain_data=domain, message_types=types, message_data=message)
    return "0x" + Account.sign_message(signable, account.private_key).signature.hex().removeprefix("0x")


def plain(value: Any) -> Any:
    return bytes.fromhex(value[2:]) if isinstance(value, str) and len(value) == 66 else value


def ascending(signatures_by: Sequence[tuple[Any, str]]) -> list[str]:
    """Signatures in ascending order of their signer."""
    return [signature for account, signature in sorted(signatures_by, key=lambda pair: int(pair[0].address, 16))]


def sign_all(accounts: Sequence[Any], *terms: Any, **structs: Any) -> list[str]:
    return ascending([(account, sign(account, *terms, **structs)) for account in accounts])


def membership_change(pair: Any, seats: Sequence[tuple[str, str]], quorum: int, epoch: int = 2) -> tuple[Any, ...]:
    """A MembershipChange for the bound pair."""
    public, private = pair
    return (*identity(public, private), epoch, [tuple(seat) for seat in seats], quorum)


def identity(public: Any, private: Any) -> tuple[Any, ...]:
    chain_id = brownie.web3.chain_id
    return public.consortiumId(), chain_id, public.address, chain_id, private.address


def sign_membership(change: tuple[Any, ...], authorities: Sequence[Any]) -> list[str]:
    fields = [*PAIR, ("uint64", "epoch"), ("Seat[]", "seats"), ("uint8", "quorum")]
    values = list(change)
    values[6] = [{"organisation": plain(seat[0]), "authority": seat[1]} for seat in change[6]]
    return sign_all(authorities, CONSORTIUM_DOMAIN, "MembershipChange", fields, values, Seat=SEAT)


def sign_pause(change: tuple[Any, ...], authorities: Sequence[Any]) -> list[str]:
    fields = [*PAIR, ("uint64", "epoch"), ("uint64", "nonce"), ("bool", "paused")]
    return sign_all(authorities, CONSORTIUM_DOMAIN, "PauseChange", fields, change)


def consortium_digest(consortium_id: str, epoch: int, quorum: int, seats: Sequence[tuple[str, str]]) -> str:
    """The digest by its definition, without the contract."""
    rows = [(plain(organisation), authority) for organisation, authority in seats]
    type_hash = keccak(text="Consortium(bytes32 consortiumId,uint64 epoch,uint8 quorum,bytes32 seatsHash)")
    values = [type_hash, plain(str(consortium_id)), epoch, quorum, keccak(encode(["(bytes32,address)[]"], [rows]))]
    return "0x" + keccak(encode(["bytes32", "bytes32", "uint64", "uint8", "bytes32"], values)).hex()


def leaf(award: Sequence[Any]) -> bytes:
    """A leaf as OpenZeppelin's StandardMerkleTree makes it."""
    types = ["uint64", "uint256", "bytes32", "address", "uint256"]
    return keccak(keccak(encode(types, [plain(value) for value in award])))


class AwardsTree:
    """OpenZeppelin's StandardMerkleTree: leaves sorted, a complete binary tree, pairs hashed in order of value."""

    def __init__(self, awards: Sequence[Sequence[Any]]) -> None:
        leaves = sorted(leaf(award) for award in awards)
        self._nodes = [b""] * (len(leaves) - 1) + leaves[::-1]
        for place in range(len(leaves) - 2, -1, -1):
            left, right = self._nodes[2 * place + 1], self._nodes[2 * place + 2]
            self._nodes[place] = keccak(min(left, right) + max(left, right))

    @property
    def root(self) -> str:
        return "0x" + self._nodes[0].hex()

    def proof(self, award: Sequence[Any]) -> list[str]:
        place, path = self._nodes.index(leaf(award)), []
        while place > 0:
            path.append("0x" + self._nodes[place - 1 if place % 2 == 0 else place + 1].hex())
            place = (place - 1) // 2
        return path
