"""The small parts of a deployment: addresses, arguments, prices, accounts, the lock, the hints."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as EthAccount
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import deployment as d
from orchestrator.chain.port import Block, RpcRefused
from orchestrator.deployment.account import KeyAccount, NodeAccount
from orchestrator.deployment.addresses import created_address
from orchestrator.deployment.arguments import encode_arguments, labels_of
from orchestrator.deployment.hints import next_step
from orchestrator.deployment.lock import locked
from orchestrator.deployment.pricing import Price, price_now, raised
from orchestrator.errors import ConfigurationError, KeystoreError
from orchestrator.types import Digest

DESCRIPTION = d.development_description([f"0x{number:040x}" for number in range(1, 8)])
KEY = "0x" + "46" * 32


def test_addresses_are_known_before_they_exist() -> None:
    """The second is the example of Ethereum's own tests; the first is of the zero address."""
    assert created_address("0x" + "00" * 20, 0) == "0xbd770416a3345f91e4b34576cb804a576fa48eb1"
    assert created_address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", 0) == (
        "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    )
    assert created_address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", 1) == (
        "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8"
    )


@given(st.integers(0, 2**64 - 1))
def test_addresses_differ_by_their_nonce(nonce: int) -> None:
    sender = "0x" + "17" * 20
    assert created_address(sender, nonce) != created_address(sender, nonce + 1)


def test_constructor_arguments_are_encoded_alike_from_the_plan_and_from_its_json() -> None:
    settings = replace(DESCRIPTION, payout_cap=2**96 - 1)
    addresses = {name: f"0x{place:040x}" for place, name in enumerate(d.ORDER["public"] + d.ORDER["private"], 50)}
    for name in addresses:
        planned = d.constructor_arguments(name, settings, addresses)
        stored = json.loads(json.dumps(d.as_json(planned)))
        assert encode_arguments(name, planned) == encode_arguments(name, stored)
        assert len(labels_of(name)) == len(planned)
    words = encode_arguments("RoundLedger", d.constructor_arguments("RoundLedger", settings, addresses))
    assert int.from_bytes(words[-32:], "big") == 200_000


class Node:
    """As much of a connection as pricing asks."""

    def __init__(self, base_fee: int | None, tip: int | None = None) -> None:
        self.base_fee, self.tip = base_fee, tip

    def block_number(self) -> int:
        return 7

    def block(self, number: int) -> Block:
        return Block(number, Digest("0x"), Digest("0x"), 0, self.base_fee)

    def request(self, method: str, params: Any) -> Any:
        if method == "eth_gasPrice":
            return "0x0"
        if self.tip is None:
            raise RpcRefused("the method is not known")
        return hex(self.tip)


@pytest.mark.parametrize(
    ("node", "fields", "expected", "most"),
    [
        (Node(10**9, 5), {"type": 2, "maxFeePerGas": 2 * 10**9 + 5, "maxPriorityFeePerGas": 5}, 10**9 + 5, None),
        (Node(10, None), {"type": 2, "maxFeePerGas": 20 + 10**9, "maxPriorityFeePerGas": 10**9}, 10 + 10**9, None),
        (Node(None), {"gasPrice": 0}, 0, 0),
        (Node(0, 10**9), {"type": 2, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0}, 0, 0),
    ],
)
def test_what_gas_is_offered(node: Any, fields: dict[str, int], expected: int, most: int | None) -> None:
    price = price_now(node)
    assert dict(price.fields) == fields and price.expected == expected
    assert price.most == (fields["maxFeePerGas"] if most is None else most)


def test_a_raised_fee_is_enough_for_a_node_to_take_it() -> None:
    now = Price({"type": 2, "maxFeePerGas": 100, "maxPriorityFeePerGas": 10}, 60, 100)
    higher = raised(now, {"maxFeePerGas": 200, "maxPriorityFeePerGas": 4})
    assert dict(higher.fields) == {"type": 2, "maxFeePerGas": 251, "maxPriorityFeePerGas": 10}
    assert higher.most == 251
    assert dict(raised(Price({"gasPrice": 0}, 0, 0), {"gasPrice": 0}).fields) == {"gasPrice": 1}


def encrypted(folder: Path, **changes: Any) -> Path:
    document = EthAccount.encrypt(KEY, "horse", iterations=2)
    path = folder / "deployer.json"
    path.write_text(json.dumps({**document, **changes}))
    return path


def test_an_account_tells_its_address_without_a_password_and_asks_once(tmp_path: Path) -> None:
    asked = []
    account = KeyAccount(encrypted(tmp_path), lambda: asked.append(1) or "horse")  # type: ignore[func-returns-value]
    address = EthAccount.from_key(KEY).address
    assert account.address == address.lower() and not asked
    fields = {"chainId": 5, "nonce": 0, "gas": 21000, "gasPrice": 1, "value": 0, "data": "0x"}
    raw = account.sign(fields)
    assert account.sign(fields) == raw and asked == [1]
    assert EthAccount.recover_transaction(raw) == address
    assert KeyAccount(encrypted(tmp_path, address=""), lambda: "horse").address == address.lower()


def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    account = KeyAccount(encrypted(tmp_path), lambda: "cow")
    with pytest.raises(KeystoreError, match="the password of account deployer is wrong"):
        account.sign({"nonce": 0})


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"key": "0x11"}'])
def test_a_file_that_is_no_account_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="is not an encrypted account"):
        KeyAccount(path, lambda: "horse")
    with pytest.raises(ConfigurationError, match="cannot read the account"):
        KeyAccount(tmp_path / "none.json", lambda: "horse")


def test_a_node_signs_for_its_own_accounts() -> None:
    assert NodeAccount("0xABCDEF").address == "0xabcdef" and NodeAccount("0x12").sign({}) is None


def _hold(folder: Path, held: Any, over: Any) -> None:
    with locked(folder):
        held.set()
        over.wait(20)


def test_one_deployment_at_a_time_works_on_a_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, over = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / "files", held, over))
    other.start()
    try:
        assert held.wait(20)
        with (
            pytest.raises(ConfigurationError, match="another deployment works on the folder"),
            locked(tmp_path / "files"),
        ):
            pass
        other.kill()
        other.join()
        with locked(tmp_path / "files"):  # the lock ended with the process
            pass
    finally:
        other.kill()
        other.join()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot write into the folder"), locked(tmp_path / "file" / "in"):
        pass


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_done() -> None:
    """It can be opened and locked; not even root can make a file there."""
    with pytest.raises(ConfigurationError, match="cannot write into the folder /proc"), locked(Path("/proc")):
        pytest.fail("nobody may work in it")


def entry(chain_id: int, role: str, *, bound: bool) -> d.DeploymentRecord:
    contract = d.ContractRecord("0x" + "11" * 20, 1, "0x" + "22" * 32, (), "0x" + "33" * 32)
    bindings = {"Consortium": d.BindingRecord(2, "0x" + "44" * 32, ())} if bound else {}
    return d.DeploymentRecord(chain_id, role, DESCRIPTION.consortium_id, {"Consortium": contract}, bindings)


def test_what_comes_next_fits_what_is_deployed() -> None:
    real = replace(DESCRIPTION, public_chain_id=11155111, private_chain_id=2018)
    public, private = entry(11155111, "public", bound=False), entry(2018, "private", bound=True)

    def said(first: Any, second: Any, description: Any = real, local: bool = False, development: bool = False) -> str:
        return next_step({"public": first, "private": second}, description, local=local, development=development)

    assert "`brownie run deploy --network besu`" in said(public, None)
    assert "`brownie run deploy --network sepolia`" in said(None, private)
    assert "--network NAME" in said(None, None, replace(real, public_chain_id=1))
    assert "--network private" in said(entry(31337, "public", bound=False), None, DESCRIPTION, local=True)
    assert "bind the public chain's Consortium" in said(public, private) and "--network sepolia" in said(
        public, private
    )
    done = entry(11155111, "public", bound=True)
    assert "11155111.json and 2018.json to every member" in said(done, private)
    assert "brownie console" in said(done, private, local=True, development=True)
