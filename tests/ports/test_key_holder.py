"""One suite for every holder of a key: a keystore's file, and a signer elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from eth_keys import keys
from eth_utils.crypto import keccak

from orchestrator.chain.memory import MemoryChain, echo
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import TransactionSender
from orchestrator.commitment.eip712 import Domain, TypedDigest
from orchestrator.commitment.signatures import recover
from orchestrator.errors import KeystoreError
from orchestrator.keystore.holders import KeyHolder, LocalKey
from orchestrator.keystore.remote import RemoteKey
from orchestrator.types import Address
from tests.unit.keystore.fake_signer import signer

KEY = keys.PrivateKey(bytes(range(1, 33)))
OTHER = keys.PrivateKey(bytes(range(2, 34)))
ADDRESS = Address(KEY.public_key.to_address())
BASE: dict[str, Any] = {"to": "0x" + "11" * 20, "value": 7, "gas": 21000, "nonce": 0, "chainId": 1337, "data": "0xabcd"}
DYNAMIC = BASE | {"type": 2, "maxFeePerGas": 10, "maxPriorityFeePerGas": 1}
FREE = BASE | {"gasPrice": 0}


@pytest.fixture(params=["file", "web3signer"])
def holder(request: pytest.FixtureRequest) -> Iterator[KeyHolder]:
    if request.param == "file":
        yield LocalKey(Account.from_key(KEY.to_bytes()))
        return
    with signer(OTHER, KEY) as remote:
        yield RemoteKey(remote.url, ADDRESS, timeout=5.0)


def test_it_knows_its_address(holder: KeyHolder) -> None:
    holder.check()
    assert holder.address == ADDRESS


@pytest.mark.parametrize("seed", range(8))
def test_a_typed_digest_is_signed(holder: KeyHolder, seed: int) -> None:
    digest = Domain("Test", 1, ADDRESS).digest(bytes([seed]) * 32)
    assert digest == keccak(digest.message)
    assert recover(digest, holder.sign_digest(digest)) == ADDRESS


@pytest.mark.parametrize("transaction", [DYNAMIC, FREE, DYNAMIC | {"nonce": 300, "value": 0, "data": "0x"}])
def test_a_transaction_is_signed_as_the_library_signs_it(holder: KeyHolder, transaction: dict[str, Any]) -> None:
    raw = holder.sign_transaction(transaction)
    assert Account.recover_transaction(raw).lower() == ADDRESS
    assert raw == bytes(Account.from_key(KEY.to_bytes()).sign_transaction(transaction).raw_transaction)


@pytest.mark.parametrize("wrong", [{"gas": None}, {"surprise": 1}, {"to": "0x12"}, {"maxFeePerGas": None}])
def test_what_is_no_transaction_is_refused(holder: KeyHolder, wrong: dict[str, Any]) -> None:
    with pytest.raises(KeystoreError, match="cannot sign"):
        holder.sign_transaction(DYNAMIC | wrong)


def test_it_sends(holder: KeyHolder) -> None:
    at = Address("0x" + "ec" * 20)
    chain = MemoryChain(contracts={at: echo})
    sender = TransactionSender(chain, holder, timeout=2.0, poll=0.01)
    receipt = sender.send(Call("Echo.say", 1337, at, bytes(32) + b"hello", "anyone"))
    assert [log.data for log in receipt.logs] == [b"hello"]
    assert chain.mined_count(ADDRESS) == 1


def test_a_digest_is_one_of_bytes() -> None:
    assert len(TypedDigest(b"x")) == 32
    assert TypedDigest(b"x") == keccak(b"x")
