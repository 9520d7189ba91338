"""What a sender does when things go wrong, on the fake chain."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from chain_nodes import AccountSigner

from orchestrator.chain.fees import fees_for
from orchestrator.chain.memory import Emitted, MemoryChain, Refusal, echo
from orchestrator.chain.port import Block, RpcRefused
from orchestrator.chain.proxy import Call
from orchestrator.chain.reverts import decode_revert, revert_data
from orchestrator.chain.sender import KeystoreSigner, Signed, TransactionSender
from orchestrator.errors import ChainError, ConfigurationError, TransactionReverted
from orchestrator.types import Address, Digest

ECHO = Address("0x" + "ec" * 20)


def sender(chain: MemoryChain, **options: Any) -> TransactionSender:
    return TransactionSender(chain, AccountSigner(), **{"timeout": 2.0, "poll": 0.01, **options})


def call(data: bytes = b"\x17" * 40, chain_id: int = 1337) -> Call:
    return Call("Echo.say", chain_id, ECHO, data, "anyone")


@pytest.fixture
def chain() -> MemoryChain:
    return MemoryChain(contracts={ECHO: echo})


def test_a_call_of_another_chain_is_not_sent(chain: MemoryChain) -> None:
    with pytest.raises(ConfigurationError, match="belongs to chain 1, not 1337"):
        sender(chain).send(call(chain_id=1))


def test_not_mined_in_time(chain: MemoryChain) -> None:
    chain.automine = False
    one = sender(chain, timeout=0.05)
    with pytest.raises(ChainError, match=r"Echo\.say .* was not mined within 0\.05 s"):
        one.send(call())
    chain.mine()
    chain.automine = True
    assert one.send(call(b"\x18" * 33)).succeeded


def test_refused_when_mined_though_the_estimate_passed(chain: MemoryChain) -> None:
    words = b"\x08\xc3\x79\xa0" + (32).to_bytes(32, "big") + (4).to_bytes(32, "big") + b"late".ljust(32, b"\0")

    def late(who: Address, data: bytes) -> Emitted:
        if chain.block_number() > 0:
            raise Refusal(words)
        return []

    chain.contracts[ECHO] = late
    one = sender(chain)
    with pytest.raises(TransactionReverted, match=r"Echo\.say was refused by the contract: late"):
        one.send(call())
    assert one.usage.transactions == 1


def test_the_transaction_is_told_before_the_network_knows_it(chain: MemoryChain) -> None:
    told: list[Signed] = []

    def store(signed: Signed) -> None:
        with pytest.raises(ChainError):
            chain.transactions([signed.hash])
        told.append(signed)

    receipt = sender(chain).send(call(), before_broadcast=store)
    assert [signed.hash for signed in told] == [receipt.transaction]


def test_a_store_that_fails_keeps_the_transaction_back(chain: MemoryChain) -> None:
    def full(signed: Signed) -> None:
        raise OSError(28, "No space left on device")

    one = sender(chain)
    with pytest.raises(OSError, match="No space"):
        one.send(call(), before_broadcast=full)
    assert chain.transaction_count(one.address) == 0
    assert one.send(call()).succeeded


class NoPending(MemoryChain):
    """A node that does not count waiting transactions."""

    def transaction_count(self, address: Address) -> int:
        return self.mined_count(address)


@pytest.mark.parametrize("kind", [MemoryChain, NoPending])
def test_threads_share_a_sender(kind: type[MemoryChain]) -> None:
    chain = kind(contracts={ECHO: echo}, automine=False)
    one = sender(chain, timeout=20.0)
    blocks: set[int] = set()
    threads = [
        threading.Thread(target=lambda n=n: blocks.add(one.send(call(bytes([1 + n]) * 40)).block)) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        chain.mine()
    for thread in threads:
        thread.join()
    assert one.usage.transactions == 8
    assert chain.transaction_count(one.address) == 8


def test_another_process_took_the_nonce() -> None:
    chain = MemoryChain(contracts={ECHO: echo})
    signer = AccountSigner()
    one, two = (TransactionSender(chain, signer, timeout=2.0, poll=0.01) for _ in range(2))
    taken: list[int] = []

    def meanwhile(signed: Signed) -> None:
        if not taken:
            taken.append(two.send(call(b"\x19" * 40)).block)

    assert one.send(call(), before_broadcast=meanwhile).succeeded
    assert chain.transaction_count(signer.address) == 2


def test_a_chain_without_base_fee_asks_no_price(chain: MemoryChain) -> None:
    chain._blocks[-1] = Block(0, chain.block(0).hash, chain.block(0).parent_hash, 0, None)
    assert fees_for(chain).fields == {"gasPrice": 0}


def test_a_chain_whose_base_fee_is_zero_is_free(chain: MemoryChain) -> None:
    """Besu with ``zeroBaseFee``: an account there has no ether, not even for a tip."""
    chain._blocks[-1] = Block(0, chain.block(0).hash, chain.block(0).parent_hash, 0, 0)
    assert fees_for(chain).fields == {"type": 2, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0}


def test_a_keystore_is_a_signer() -> None:
    class Keys:
        delegate_address = Address("0x" + "dd" * 20)
        authority_address = Address("0x" + "aa" * 20)

        def sign_transaction(self, role: str, transaction: dict[str, Any]) -> bytes:
            return f"{role}{transaction['nonce']}".encode()

    transaction: Mapping[str, Any] = {"nonce": 4}
    assert KeystoreSigner(Keys(), "delegate").address == Keys.delegate_address
    assert KeystoreSigner(Keys(), "authority").address == Keys.authority_address
    assert KeystoreSigner(Keys(), "authority").sign_transaction(transaction) == b"authority4"


@pytest.mark.parametrize(
    ("data", "message", "expected"),
    [
        ("0x1234", "", b"\x12\x34"),
        ("Reverted 0x1234", "", b"\x12\x34"),
        ({"result": "0x1234", "reason": "x"}, "", b"\x12\x34"),
        ({"data": {"data": "0x1234"}}, "", b"\x12\x34"),
        (None, "VM Exception while processing transaction: revert", b""),
        (None, "insufficient funds", None),
        ({"stack": "…"}, "insufficient funds", None),
        (["0x12"], "", None),
    ],
)
def test_revert_data_of_different_nodes(data: Any, message: str, expected: bytes | None) -> None:
    assert revert_data(data, message) == expected


def test_reverts_are_read_with_the_errors_of_all_contracts() -> None:
    from eth_utils.crypto import keccak

    selector = keccak(text="RoundLedgerRoundStillOpen(uint64)")[:4]
    revert = decode_revert(selector + (7).to_bytes(32, "big"))
    assert (revert.error, dict(revert.values)) == ("RoundLedgerRoundStillOpen", {"round_id": 7})
    assert str(revert) == "RoundLedgerRoundStillOpen(round_id=7)"
    assert str(decode_revert(selector)) == "RoundLedgerRoundStillOpen()"
    assert decode_revert(bytes.fromhex("4e487b71") + (17).to_bytes(32, "big")).values == {"code": 17}
    assert str(decode_revert(b"")) == "no reason given"
    assert decode_revert(b"\1\2\3\4\5").values == {"data": "0x0102030405"}


def test_a_refusal_that_is_no_revert_stays_what_it_is(chain: MemoryChain) -> None:
    class Odd(MemoryChain):
        def estimate_gas(self, transaction: Mapping[str, Any]) -> int:
            raise RpcRefused("gas limit is too high", rpc_message="gas limit is too high")

    with pytest.raises(RpcRefused, match="gas limit"):
        sender(Odd(contracts={ECHO: echo})).send(call())


@pytest.mark.parametrize("asked", ["estimate_gas", "send_raw"])
@pytest.mark.parametrize(
    "words",
    [
        "insufficient funds for gas * price + value",
        "Insufficient funds for gas * price + value",
        "Upfront cost exceeds account balance",
    ],
)
def test_an_account_without_ether_is_named_with_its_chain(
    chain: MemoryChain, monkeypatch: pytest.MonkeyPatch, asked: str, words: str
) -> None:
    def refuse(given: Any) -> Any:
        raise RpcRefused(f"eth_{asked} was refused: {words}", rpc_message=words)

    one = sender(chain)
    chain.balances[one.address] = 10**17
    monkeypatch.setattr(chain, asked, refuse)
    with pytest.raises(
        ChainError, match=rf"^{one.address} has 0\.1 ether on chain 1337, too little for Echo\.say"
    ) as caught:
        one.send(call())
    assert caught.value.mend == f"send it some: `loranchor consortium fund --to {one.address} --ether 1`"


def test_a_signed_transaction_knows_its_hash(chain: MemoryChain) -> None:
    one = sender(chain)
    signed = one.prepare(call())
    one.broadcast(signed)
    assert chain.transactions([Digest(signed.hash)])[0]["hash"] == signed.hash
    assert one.wait(signed).transaction == signed.hash
