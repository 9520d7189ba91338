"""Senders recovered from what Anvil and Ganache really answer; what their operator impersonates is told apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from chain_nodes import AccountSigner, anvil, fund, ganache

from orchestrator.chain.connection import Connection
from orchestrator.chain.senders import ForgedSender, recover_sender
from orchestrator.types import Address, Digest

TARGET = Address("0x" + "22" * 20)
ACCESS = [{"address": TARGET, "storageKeys": ["0x" + "01" * 32]}]
KINDS: dict[int, dict[str, Any]] = {
    0: {"gasPrice": 3 * 10**9},
    1: {"gasPrice": 3 * 10**9, "accessList": ACCESS, "type": 1},
    2: {"maxFeePerGas": 5 * 10**9, "maxPriorityFeePerGas": 10**9, "accessList": ACCESS, "type": 2},
}


@pytest.fixture(scope="module", params=["anvil", "ganache"])
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with anvil() if request.param == "anvil" else ganache(tmp_path_factory.mktemp("ganache")) as chain:
        yield chain


def recover(chain: Connection, hash_: Digest) -> Address:
    (fields,) = chain.transactions([hash_])
    return recover_sender(fields, expected_hash=hash_, chain_id=chain.chain_id)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_signed_transaction(chain: Connection, kind: int) -> None:
    signer = AccountSigner()
    fund(chain, signer.address)
    body = {"nonce": 0, "gas": 90_000, "value": 1, "to": TARGET, "data": "0x", "chainId": chain.chain_id}
    hash_ = chain.send_raw(signer.sign_transaction(body | KINDS[kind]))
    assert recover(chain, hash_) == signer.address


def test_blobs_and_delegated_code_on_anvil() -> None:
    """Types 3 and 4: what Anvil answers for a mined transaction holds no blobs, and the authorizations as signed."""
    signer, other = AccountSigner(), AccountSigner()
    consent = {"chainId": 31337, "address": TARGET, "nonce": 0}
    authorization = other.account.sign_authorization(consent).model_dump(by_alias=True)
    fees = {"maxFeePerGas": 5 * 10**9, "maxPriorityFeePerGas": 10**9, "gas": 200_000, "value": 1, "data": "0x1234"}
    with anvil() as chain:
        fund(chain, signer.address)
        body = {**fees, "to": other.account.address, "chainId": chain.chain_id}
        blob = signer.account.sign_transaction(
            {**body, "nonce": 0, "type": 3, "maxFeePerBlobGas": 10**9, "accessList": ACCESS}, blobs=[bytes(4096 * 32)]
        )
        code = signer.sign_transaction({**body, "nonce": 1, "type": 4, "authorizationList": [authorization]})
        for raw, kind in ((bytes(blob.raw_transaction), "0x3"), (code, "0x4")):
            hash_ = chain.send_raw(raw)
            (fields,) = chain.transactions([hash_])
            assert fields["type"] == kind
            assert recover(chain, hash_) == signer.address


def test_an_unlocked_account_of_the_node(chain: Connection) -> None:
    owner = chain.request("eth_accounts", [])[1]
    hash_ = chain.request("eth_sendTransaction", [{"from": owner, "to": TARGET, "value": "0x1", "gas": "0x5208"}])
    assert recover(chain, hash_) == owner.lower()


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_an_impersonated_account(chain: Connection, kind: int) -> None:
    victim = AccountSigner().address
    fund(chain, victim)
    if "ganache" in chain.request("web3_clientVersion", []).lower():
        chain.request("evm_addAccount", [victim, "pass"])
        chain.request("personal_unlockAccount", [victim, "pass", 0])
    else:
        chain.request("anvil_impersonateAccount", [victim])
    fees = {name: hex(value) if isinstance(value, int) else value for name, value in KINDS[kind].items()}
    forged = {"from": victim, "to": TARGET, "value": "0x1", "gas": "0x15f90", **fees}
    hash_ = chain.request("eth_sendTransaction", [forged])
    receipt = chain.receipt(hash_)
    assert receipt is not None
    assert receipt.succeeded
    with pytest.raises(ForgedSender):
        recover(chain, hash_)
