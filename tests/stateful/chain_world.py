"""The contracts of one consortium on one Anvil, with the accounts that act on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from coincurve import PrivateKey
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from stateful.anvil_client import ACCOUNTS, CHAIN_ID, Anvil

from orchestrator.chain.abi import Artifact, parse_artifact
from orchestrator.chain.codec import decode_values, encode_call, encode_values, event_values
from orchestrator.commitment.signatures import address_of
from orchestrator.types import Address, Digest
from tools.compile import Compiled

NOBODY = Address("0x" + "00" * 20)
ODD_TEXT = "\x7fodd\x7f"
"""Stands for a text that is no UTF-8, which a member may well send."""
_MNEMONIC = "test test test test test test test test test test test junk"


@dataclass(frozen=True)
class Key:
    """An account of the node, whose key this side knows as well, for what is signed off chain."""

    index: int
    address: Address
    secret: PrivateKey = field(repr=False, compare=False)

    def sign(self, digest: bytes) -> bytes:
        """r, s and v of a digest's signature, v 27 or 28."""
        signature = self.secret.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([signature[64] + 27])

    def __repr__(self) -> str:
        return f"<key {self.index}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # Hypothesis would print every field of a dataclass


@cache
def node_keys() -> tuple[Key, ...]:
    """Anvil's development accounts in its order."""
    seed = seed_from_mnemonic(_MNEMONIC, "")
    secrets = [PrivateKey(key_from_seed(seed, f"m/44'/60'/0'/0/{index}")) for index in range(ACCOUNTS)]
    return tuple(
        Key(index, address_of(secret.public_key.format(compressed=False)), secret)
        for index, secret in enumerate(secrets)
    )


@dataclass(frozen=True)
class Event:
    """One event with its values in their Python form; ``contract`` is the label of who emitted it."""

    contract: str
    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Contract:
    """One deployed contract."""

    label: str
    address: Address
    artifact: Artifact

    def encode(self, function: str, arguments: Sequence[Any]) -> bytes:
        data = encode_call(self.artifact.functions[function], arguments)
        return data.replace(ODD_TEXT.encode(), b"\xff\xc3\x28\x00\xed")


@lru_cache(maxsize=4096)
def _question(contract: Contract, function: str, *arguments: Any) -> bytes:
    """The call of a view; the same ones are asked again and again."""
    return contract.encode(function, arguments)


@lru_cache(maxsize=4096)
def _answer(contract: Contract, function: str, answer: bytes) -> Any:
    """The value of a view, or the list of its values where it has several."""
    values = decode_values(contract.artifact.functions[function]["outputs"], answer, function)
    return values[0] if len(values) == 1 else values


class World:
    """Contracts by label, on one node; :meth:`restore` goes back to where :meth:`keep` was called."""

    chain_id = CHAIN_ID

    def __init__(self, anvil: Anvil, code: Mapping[str, Compiled]) -> None:
        self.anvil = anvil
        self.keys = node_keys()
        self.deployer = self.keys[0]
        self.contracts: dict[str, Contract] = {}
        self._code = code
        self._artifacts = {name: parse_artifact(name, {"abi": one.abi}) for name, one in code.items()}
        self._errors = {sel: entry for found in self._artifacts.values() for sel, entry in found.errors.items()}
        self._kept: tuple[str, int] | None = None
        self._shown: dict[tuple[Any, ...], Any] = {}
        self._shown_at = -1

    def __getitem__(self, label: str) -> Contract:
        return self.contracts[label]

    def deploy(self, label: str, name: str, *arguments: Any) -> Contract:
        constructor = next(entry for entry in self._code[name].abi if entry["type"] == "constructor")
        data = self._code[name].code + encode_values(constructor["inputs"], arguments, name)
        receipt = self.anvil.send(self.deployer.address, None, data)
        assert receipt["status"] == "0x1", f"{name} was not deployed"
        return self.found(label, name, receipt["contractAddress"].lower())

    def found(self, label: str, name: str, address: str) -> Contract:
        """Takes note of a contract that is there."""
        self.contracts[label] = Contract(label, Address(address), self._artifacts[name])
        return self.contracts[label]

    def setup(self, label: str, function: str, *arguments: Any) -> None:
        """A transaction of the deployer before the machines begin."""
        contract = self.contracts[label]
        receipt = self.anvil.send(self.deployer.address, contract.address, contract.encode(function, arguments))
        assert receipt["status"] == "0x1", f"{label}.{function} was refused"

    def keep(self) -> None:
        self._kept = self.anvil.snapshot()

    def restore(self) -> None:
        assert self._kept is not None, "keep() was not called"
        self._kept = self.anvil.revert(self._kept)
        self._shown_at = -1

    def view(self, label: str, function: str, *arguments: Any) -> Any:
        return self.views([(label, function, *arguments)])[0]

    def views(self, asked: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Values of many views (label, function, arguments…) at the newest block. A node is asked once for each."""
        if self._shown_at != self.anvil.height:
            self._shown, self._shown_at = {}, self.anvil.height
        missing = [one for one in dict.fromkeys(asked) if one not in self._shown]
        raw = self.anvil.views([(self[one[0]].address, _question(self[one[0]], *one[1:])) for one in missing])
        for one, answer in zip(missing, raw, strict=True):
            self._shown[one] = _answer(self[one[0]], one[1], answer)
        return [self._shown[one] for one in asked]

    def events(self, receipt: Mapping[str, Any]) -> list[Event]:
        """What a transaction made the contracts tell, in order."""
        by_address = {contract.address: contract for contract in self.contracts.values()}
        found = []
        for log in receipt["logs"]:
            contract = by_address[Address(log["address"].lower())]
            topics = [Digest(topic) for topic in log["topics"]]
            entry = contract.artifact.events[topics[0]]
            values = event_values(entry, topics, bytes.fromhex(log["data"][2:]))
            found.append(Event(contract.label, entry["name"], values))
        return found

    def error_data(self, error: str, values: Sequence[Any]) -> bytes:
        """What a contract reverts with for this error."""
        for selector, entry in self._errors.items():
            if entry["name"] == error:
                return selector + encode_values(entry["inputs"], values, error)
        raise AssertionError(f"no contract has an error {error}")

    def error_text(self, data: bytes) -> str:
        """Revert data in words."""
        entry = self._errors.get(data[:4])
        if entry is None:
            return f"no known error (0x{data.hex()})"
        return f"{entry['name']}{tuple(decode_values(entry['inputs'], data[4:], entry['name']))!r}"
