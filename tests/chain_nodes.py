"""Real chains for tests: Anvil and Ganache, a block for each transaction, and a contract that needs no compiler."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from orchestrator.chain.connection import Connection
from orchestrator.localnet import automining_anvil, rpc
from orchestrator.localnet.checkout import ganache_command
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.ports import HOST, PortPicker
from orchestrator.localnet.processes import spawn, stop, wait_until
from orchestrator.types import Address

# calldata: topic, then data → LOG1 and return of the data; a first byte ff reverts with what follows it
ECHO = "365f5f375f355f1a60ff14601e575f3560203603" + "6020a1602036036020f35b6001360360" + "01fd"


@contextmanager
def anvil(chain_id: int = 31337) -> Iterator[Connection]:
    with automining_anvil(chain_id=chain_id) as port:
        yield Connection(f"http://{HOST}:{port}", chain_id)


@contextmanager
def ganache(scratch: Path, chain_id: int = 1337) -> Iterator[Connection]:
    with PortPicker() as ports:
        port = ports.pick()
    flags = ("--logging.quiet", "--server.host", HOST, "--server.port", str(port), "--chain.hardfork", "shanghai")
    ids = ("--chain.chainId", str(chain_id), "--chain.networkId", str(chain_id), "--wallet.deterministic")
    with Guard() as guard:
        command = [*ganache_command(), *flags, *ids, "--wallet.defaultBalance", "100000"]
        process = spawn(command, scratch / "ganache.log", dict(os.environ), keep_output=False)
        guard.watch(process.pid)
        try:
            url = f"http://{HOST}:{port}"
            assert wait_until(lambda: rpc.chain_id(url) == chain_id, process, 60.0), "Ganache did not start"
            yield Connection(url, chain_id)
        finally:
            stop([process])


class AccountSigner:
    """A signer of :mod:`orchestrator.chain.sender` around a key in memory."""

    def __init__(self, account: LocalAccount | None = None) -> None:
        self.account: LocalAccount = account or Account.create()

    @property
    def address(self) -> Address:
        return Address(self.account.address.lower())

    def sign_transaction(self, transaction: object) -> bytes:
        return bytes(self.account.sign_transaction(dict(transaction)).raw_transaction)  # type: ignore[call-overload]


def fund(chain: Connection, address: Address, ether: int = 100) -> None:
    """From the node's first unlocked account."""
    rich = chain.request("eth_accounts", [])[0]
    transaction = {"from": rich, "to": address, "value": hex(ether * 10**18), "gas": "0x5208"}
    _mined(chain, chain.request("eth_sendTransaction", [transaction]))


def place_echo(chain: Connection) -> Address:
    """Deploy the echo contract."""
    length = len(ECHO) // 2
    code = f"0x60{length:02x}8060095f395ff3{ECHO}"
    return create(chain, code)


def create(chain: Connection, code: str) -> Address:
    """Deploy creation code from the node's first unlocked account."""
    rich = chain.request("eth_accounts", [])[0]
    hash_ = chain.request("eth_sendTransaction", [{"from": rich, "data": code, "gas": hex(8_000_000)}])
    receipt = _mined(chain, hash_)
    return Address(receipt["contractAddress"].lower())


def _mined(chain: Connection, hash_: str) -> dict[str, str]:
    for _ in range(200):
        receipt: dict[str, str] | None = chain.request("eth_getTransactionReceipt", [hash_])
        if receipt is not None:
            return receipt
    raise AssertionError(f"{hash_} was not mined")
