"""A chain in memory: the fake behind the same port, for tests that need no node.

It keeps blocks, nonces and logs as a node does, but runs no bytecode. A contract is a Python function from sender and
call data to the events it makes; ``echo`` is one, and tests/chain_nodes.py has the same in bytecode for real chains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_keys.datatypes import Signature
from eth_utils.crypto import keccak

from orchestrator.chain.port import Block, RawLog, Receipt, RpcRefused
from orchestrator.errors import ChainError
from orchestrator.types import ZERO_DIGEST, Address, Digest

GAS = 50_000
Emitted = Sequence[tuple[Sequence[Digest], bytes]]
Contract = Callable[[Address, bytes], Emitted]
_TYPE_2 = ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas", "to", "value", "input")


class Refusal(Exception):
    """What a contract function raises to revert with ``data``."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data.hex())
        self.data = data


def echo(sender: Address, data: bytes) -> Emitted:
    """One event: the first 32 bytes are its topic, the others its data. A first byte ff reverts with what follows."""
    if data[:1] == b"\xff":
        raise Refusal(data[1:])
    return [((Digest("0x" + data[:32].hex()),), data[32:])]


@dataclass
class MemoryChain:
    """The fake.

    Attributes:
        automine: make a block for each transaction; else ``mine`` does.
        price: what a transaction must offer for gas to be mined; one that offers less waits.
    """

    chain_id: int = 1337
    finality_depth: int = 0
    automine: bool = True
    price: int = 0
    contracts: dict[Address, Contract] = field(default_factory=dict)
    balances: dict[Address, int] = field(default_factory=dict)
    _blocks: list[Block] = field(default_factory=list)
    _logs: list[RawLog] = field(default_factory=list)
    _mined: dict[Digest, tuple[Mapping[str, Any], Receipt]] = field(default_factory=dict)
    _waiting: dict[Digest, Mapping[str, Any]] = field(default_factory=dict)
    _forks: int = 0

    def __post_init__(self) -> None:
        self._blocks.append(Block(0, self._hash(0), ZERO_DIGEST, 0, 1_000_000_000))

    # -- what a node does on its own

    def mine(self, count: int = 1) -> None:
        """Make blocks; the first takes all waiting transactions whose turn it is and that pay enough."""
        for _ in range(count):
            number = len(self._blocks)
            parent = self._blocks[-1]
            self._blocks.append(Block(number, self._hash(number), parent.hash, parent.timestamp + 1, parent.base_fee))
            index = 0
            while (hash_ := next(self._ready(), None)) is not None:
                index = self._execute(hash_, self._waiting.pop(hash_), self._blocks[-1], index)

    def _ready(self) -> Iterator[Digest]:
        for hash_, fields in self._waiting.items():
            own_turn = fields["r"] == 0 or fields["nonce"] == self.mined_count(fields["from"])
            if own_turn and fields.get("maxFeePerGas", self.price) >= self.price:
                yield hash_

    def drop(self, hash_: Digest) -> None:
        """Forget a waiting transaction, as a full mempool does."""
        self._waiting.pop(hash_, None)

    def rewind(self, number: int) -> None:
        """Forget all blocks after ``number``; those made from now on have other hashes."""
        self._forks += 1
        del self._blocks[number + 1 :]
        self._logs = [log for log in self._logs if log.block <= number]
        self._mined = {hash_: entry for hash_, entry in self._mined.items() if entry[1].block <= number}

    def impersonate(self, sender: Address, to: Address, data: bytes) -> Digest:
        """A transaction without its sender's signature, as a chain's operator can make one."""
        hash_ = Digest("0x" + keccak(sender.encode() + data + bytes([len(self._mined) % 256])).hex())
        fields = {"from": sender, "to": to, "input": data, "nonce": 0, "r": 0, "s": 0, "yParity": 0, "type": 2}
        self._waiting[hash_] = {**fields, "chainId": self.chain_id, "gas": GAS, "value": 0}
        self.mine()
        return hash_

    def _hash(self, number: int) -> Digest:
        return Digest("0x" + keccak(f"{self.chain_id}/{self._forks}/{number}".encode()).hex())

    def _execute(self, hash_: Digest, fields: Mapping[str, Any], block: Block, index: int) -> int:
        contract = self.contracts.get(fields["to"])
        try:
            events = contract(fields["from"], fields["input"]) if contract else []
        except Refusal:
            self._mined[hash_] = (fields, Receipt(hash_, block.number, block.hash, False, GAS, ()))
            return index
        logs = tuple(
            RawLog(fields["to"], tuple(topics), data, block.number, block.hash, hash_, index + place)
            for place, (topics, data) in enumerate(events)
        )
        self._logs += logs
        self._mined[hash_] = (fields, Receipt(hash_, block.number, block.hash, True, GAS, logs))
        return index + len(logs)

    # -- the port

    def client(self) -> str:
        return "memory"

    def block_number(self) -> int:
        return len(self._blocks) - 1

    def block(self, number: int) -> Block:
        return self.blocks([number])[0]

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        for number in numbers:
            if not 0 <= number < len(self._blocks):
                raise ChainError(f"the chain has no block {number}")
        return [self._blocks[number] for number in numbers]

    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]:
        return [
            log
            for log in self._logs
            if log.address in addresses
            and from_block <= log.block <= to_block
            and (not topics or log.topics[0] in topics)
        ]

    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
        for hash_ in hashes:
            if hash_ not in self._mined and hash_ not in self._waiting:
                raise ChainError(f"the node does not know transaction {hash_}")
        return [self._fields(hash_) for hash_ in hashes]

    def _fields(self, hash_: Digest) -> Mapping[str, Any]:
        fields, receipt = self._mined.get(hash_, (self._waiting.get(hash_, {}), None))
        shown = {
            name: hex(value) if isinstance(value, int) else "0x" + value.hex() if isinstance(value, bytes) else value
            for name, value in fields.items()
        }
        place = {"blockHash": receipt.block_hash, "blockNumber": hex(receipt.block)} if receipt else {}
        return {**shown, "hash": hash_, "accessList": [], **place}

    def code(self, address: Address) -> bytes:
        return b"\xfe" if address in self.contracts else b""

    def balance(self, address: Address) -> int:
        return self.balances.get(address, 0)

    def call(self, to: Address, data: bytes, *, sender: Address | None = None, block: int | None = None) -> bytes:
        contract = self.contracts.get(to)
        if contract is None:
            return b""
        try:
            contract(sender or Address("0x" + "00" * 20), data)
        except Refusal as refusal:
            words = "execution reverted"
            raise RpcRefused(words, rpc_message=words, data="0x" + refusal.data.hex()) from refusal
        return data[32:]

    def estimate_gas(self, transaction: Mapping[str, Any]) -> int:
        self.call(transaction["to"], bytes.fromhex(transaction["data"][2:]), sender=transaction["from"])
        return GAS

    def transaction_count(self, address: Address) -> int:
        nonces = {fields["nonce"] for fields in self._waiting.values() if fields["from"] == address}
        count = self.mined_count(address)
        while count in nonces:
            count += 1
        return count

    def mined_count(self, address: Address) -> int:
        return sum(fields["from"] == address and fields["r"] != 0 for fields, _ in self._mined.values())

    def send_raw(self, raw: bytes) -> Digest:
        hash_ = Digest("0x" + keccak(raw).hex())
        fields = _decoded(raw)
        rival = self._rival(fields)
        words = ""
        if hash_ in self._waiting:
            words = "already known"
        elif fields["chainId"] != self.chain_id:
            words = "invalid chain id for signer"
        elif fields["nonce"] < self.mined_count(fields["from"]):
            words = "nonce too low"
        elif rival and not _outbids(fields, self._waiting[rival]):
            words = "replacement transaction underpriced"
        if words:
            raise RpcRefused(f"eth_sendRawTransaction was refused: {words}", rpc_message=words)
        if rival:
            del self._waiting[rival]
        self._waiting[hash_] = fields
        if self.automine:
            self.mine()
        return hash_

    def _rival(self, fields: Mapping[str, Any]) -> Digest | None:
        """The waiting transaction of the same account and nonce."""
        place = (fields["from"], fields["nonce"])
        return next((hash_ for hash_, other in self._waiting.items() if (other["from"], other["nonce"]) == place), None)

    def receipt(self, transaction: Digest) -> Receipt | None:
        found = self._mined.get(transaction)
        return replace(found[1]) if found else None


def _outbids(fields: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """By a tenth in both fees, as Geth wants it."""
    return all(fields[name] * 10 >= other[name] * 11 for name in ("maxFeePerGas", "maxPriorityFeePerGas"))


def _decoded(raw: bytes) -> dict[str, Any]:
    """Fields of a raw transaction of type 2, with its sender."""
    if raw[:1] != b"\x02":
        raise RpcRefused("only transactions of type 2", rpc_message="only transactions of type 2")
    body = rlp.decode(raw[1:])
    values: dict[str, Any] = dict(zip(_TYPE_2, body, strict=False))
    for name in _TYPE_2:
        if name not in ("to", "input"):
            values[name] = int.from_bytes(values[name], "big")
    parity, r, s = (int.from_bytes(part, "big") for part in body[9:])
    key = Signature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(keccak(b"\x02" + rlp.encode(body[:9])))
    values |= {"type": 2, "yParity": parity, "v": parity, "r": r, "s": s, "from": Address(key.to_address())}
    return values | {"to": Address("0x" + values["to"].hex())}
