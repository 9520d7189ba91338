"""Deploying on both kinds of chain: in order, resumed, checked, and silent when there is nothing to do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chain_nodes import anvil, fund, ganache
from eth_account import Account as EthAccount
from eth_utils.address import to_checksum_address

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.chain.links import View
from orchestrator.deployment.account import Account, KeyAccount, NodeAccount
from orchestrator.deployment.addresses import created_address
from orchestrator.deployment.deployer import Deployer
from orchestrator.deployment.lane import Lane
from orchestrator.deployment.onchain import is_local
from orchestrator.errors import ChainError, ConfigurationError, TransactionReverted, WrongChain
from orchestrator.types import Address
from scripts.compiler import compiled_contracts

ETHER = 10**18
Make = Callable[..., Deployer]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(scope="module", params=["anvil", "ganache"])
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Public side on Anvil, private side on Ganache."""
    scratch = tmp_path_factory.mktemp("node")
    with anvil() if request.param == "anvil" else ganache(scratch) as chain:
        yield chain


@pytest.fixture
def chain(node: Connection) -> Iterator[Connection]:
    snapshot = node.request("evm_snapshot", [])
    yield node
    node.request("evm_revert", [snapshot])


@pytest.fixture
def description(chain: Connection) -> d.ConsortiumDescription:
    return d.development_description(chain.request("eth_accounts", []))


@pytest.fixture
def make(chain: Connection, description: d.ConsortiumDescription, tmp_path: Path) -> Make:
    """A run's Deployer for the chain's own side."""

    def deployer(
        settings: d.ConsortiumDescription = description,
        account: Account | None = None,
        folder: Path = tmp_path / "files",
        local: bool = True,
        role: str = "",
        **options: Any,
    ) -> Deployer:
        account = account or NodeAccount(chain.request("eth_accounts", [])[0])
        lane = Lane(chain, account, **{"poll": 0.01, "patience": 20.0, **options})
        return Deployer(lane, folder, role or side_of(chain), settings, creation_code(), local=local)

    return deployer


@cache
def creation_code() -> dict[str, str]:
    return {name: compiled.creation for name, compiled in compiled_contracts().items()}


def side_of(chain: Connection) -> str:
    return "public" if chain.chain_id == 31337 else "private"


def run(deployer: Deployer) -> Deployer:
    deployer.run()
    return deployer


def nonce_of(chain: Connection, address: str) -> int:
    return int(chain.request("eth_getTransactionCount", [address, "latest"]), 16)


def key_account(folder: Path, chain: Connection, password: str = "horse") -> KeyAccount:
    made = EthAccount.create()
    path = folder / f"{made.address}.json"
    path.write_text(json.dumps(made.encrypt(password, iterations=2)))
    fund(chain, Address(made.address.lower()), 50)
    return KeyAccount(path, lambda: password)


def test_a_second_run_sends_nothing(make: Make, chain: Connection) -> None:
    first = run(make())
    assert first.lane.sent >= len(d.ORDER[first.role])
    second = run(make())
    assert second.lane.sent == 0 and second.record == first.record
    document = json.loads(d.record_path(first.folder, chain.chain_id).read_text())
    assert document["format"] == "loranchor/deployment" and document["role"] == side_of(chain)
    assert document["deployer"] == first.lane.account.address and "pending" not in document


def test_what_contracts_deploy_themselves_is_recorded_and_all_is_bound(make: Make) -> None:
    deployed = run(make())
    addresses = deployed.record.addresses
    if deployed.role == "public":
        assert list(addresses) == [*d.ORDER["public"][:3], "ContributionToken", "DisclosureRegistry"]
        assert deployed.record.bindings == {}
        return
    rounds = View(deployed.chain, "RoundLedger", Address(addresses["RoundLedger"]))
    assert rounds.ask("revocations") == addresses["RevocationLedger"]
    assert rounds.ask("maxPhaseBlocks") == 200_000
    assert list(deployed.record.bindings) == ["CheckpointSchedule", "KeyDirectory", "RoundLedger"]
    for name, binding in deployed.record.bindings.items():
        found = deployed.chain.request("eth_getTransactionReceipt", [binding.transaction])
        assert (found["to"], int(found["blockNumber"], 16)) == (addresses[name], binding.block)
        assert list(binding.arguments) == d.bindings("private", addresses)[name]


def test_the_pair_knows_each_other_and_nobody_else(make: Make, chain: Connection) -> None:
    deployed = run(make())
    elsewhere = d.ContractRecord("0x" + "e1" * 20, 1, "0x" + "00" * 32, (), "0x" + "00" * 32)
    other = d.DeploymentRecord(99, "private", deployed.record.consortium_id, {"Consortium": elsewhere})
    pair = (deployed.record, other) if deployed.role == "public" else (other, deployed.record)
    sent = deployed.lane.sent
    deployed.bind_consortium(*pair)
    deployed.bind_consortium(*pair)
    assert deployed.lane.sent == sent + 1
    assert deployed.record.bindings["Consortium"].arguments == (
        pair[0].chain_id, pair[0].addresses["Consortium"], pair[1].chain_id, pair[1].addresses["Consortium"],
    )  # fmt: skip
    moved = replace(other, contracts={"Consortium": replace(elsewhere, address="0x" + "e2" * 20)})
    with pytest.raises(ConfigurationError, match="a binding is for ever"):
        deployed.bind_consortium(*((deployed.record, moved) if deployed.role == "public" else (moved, deployed.record)))


WRITES = {"public": 12, "private": 20}
FEW, MANY = (1, 2, 3, 18), tuple(range(1, 21))


@pytest.mark.parametrize("stop_at", [*FEW, *(pytest.param(at, marks=pytest.mark.slow) for at in MANY if at not in FEW)])
@pytest.mark.parametrize("signs", ["node", "key"])
def test_a_run_that_ends_before_any_write_is_resumed(
    make: Make, chain: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int, signs: str
) -> None:
    """The process ends before the `stop_at`-th writing of the file: before or after something was sent."""
    account = key_account(tmp_path, chain) if signs == "key" else NodeAccount(chain.request("eth_accounts", [])[0])
    before, count, write = nonce_of(chain, account.address), 0, d.write_record

    def write_or_end(folder: Path, record: d.DeploymentRecord) -> None:
        nonlocal count
        count += 1
        if count == stop_at:
            raise Killed
        write(folder, record)

    ended = False
    with monkeypatch.context() as patch:
        patch.setattr(d, "write_record", write_or_end)
        try:
            run(make(account=account))
        except Killed:
            ended = True
    assert ended == (stop_at <= WRITES[side_of(chain)])
    resumed = run(make(account=account))
    steps = [*d.ORDER[resumed.role], *d.bindings(resumed.role, resumed.record.addresses)]
    assert nonce_of(chain, account.address) - before == len(steps)
    for place, name in enumerate(d.ORDER[resumed.role]):
        assert resumed.record.addresses[name] == created_address(account.address, before + place)
    third = run(make(account=account))
    assert third.lane.sent == 0 and third.record == resumed.record and third.record.pending is None
    assert set(third.record.bindings) == set(d.bindings(third.role, third.record.addresses))


class Deaf(Connection):
    """Answers nothing any more once a transaction was sent, as if the process had ended then."""

    def request(self, method: str, params: Any) -> Any:
        answer = super().request(method, params)
        if method in ("eth_sendRawTransaction", "eth_sendTransaction"):
            raise Killed
        return answer


@pytest.mark.parametrize("signs", ["node", "key"])
def test_what_still_waits_in_the_mempool_is_waited_for(
    make: Make, chain: Connection, tmp_path: Path, description: d.ConsortiumDescription, signs: str
) -> None:
    account = key_account(tmp_path, chain) if signs == "key" else NodeAccount(chain.request("eth_accounts", [])[0])
    before = nonce_of(chain, account.address)
    mining(chain, False)
    try:
        lane = Lane(Deaf(chain.url, chain.chain_id), account, poll=0.01)
        with pytest.raises(Killed):
            Deployer(lane, tmp_path / "files", side_of(chain), description, creation_code(), local=True).run()
        assert nonce_of(chain, account.address) == before
        later = threading.Timer(0.5, lambda: mining(Connection(chain.url, chain.chain_id), True))
        later.start()
        resumed = run(make(account=account))
        later.join()
    finally:
        mining(chain, True)
    assert resumed.record.addresses["Consortium"] == created_address(account.address, before)
    steps = [*d.ORDER[resumed.role], *d.bindings(resumed.role, resumed.record.addresses)]
    assert nonce_of(chain, account.address) - before == len(steps)


def mining(chain: Connection, on: bool) -> None:
    """Start or stop making blocks for transactions; starting makes one of those that wait."""
    if side_of(chain) == "public":
        chain.request("evm_setAutomine", [on])
        if on:
            chain.request("evm_mine", [])
    else:
        chain.request("miner_start" if on else "miner_stop", [])


def test_a_transaction_that_waits_too_long_is_told_and_sent_for_more_on_demand(
    make: Make, chain: Connection, tmp_path: Path
) -> None:
    account = key_account(tmp_path, chain)
    before = nonce_of(chain, account.address)
    mining(chain, False)
    try:
        with pytest.raises(ChainError, match=r"Consortium on chain .* is not mined after 0 seconds; .*--raise-fee"):
            run(make(account=account, patience=0.1))
        first = waiting(make(account=account), chain)
        with pytest.raises(ChainError, match="is not mined"):
            run(make(account=account, patience=0.1))
        assert waiting(make(account=account), chain) == first
        with pytest.raises(ChainError, match="is not mined"):
            run(make(account=account, patience=0.1, raise_fee=True))
        second = waiting(make(account=account), chain)
        assert second["hash"] != first["hash"] and second["input"] == first["input"]
        assert int(second["maxFeePerGas"], 16) * 8 >= int(first["maxFeePerGas"], 16) * 9
    finally:
        mining(chain, True)
    resumed = run(make(account=account))
    assert resumed.record.contracts["Consortium"].transaction == second["hash"]
    assert resumed.record.addresses["Consortium"] == created_address(account.address, before)


def waiting(deployer: Deployer, chain: Connection) -> Any:
    """The transaction that the deployment file announces, as the node has it."""
    assert deployer.record.pending is not None
    (announced,) = deployer.record.pending.transactions
    return chain.request("eth_getTransactionByHash", [announced.transaction])


def test_a_nonce_that_something_else_has_taken_is_not_ours(make: Make, chain: Connection, tmp_path: Path) -> None:
    """Announced, never sent; then the account sent something else with the same nonce."""
    account = key_account(tmp_path, chain)
    nonce = nonce_of(chain, account.address)
    announced = d.Announced("Consortium", created_address(account.address, nonce), nonce)
    pending = d.Pending(account.address, chain.block_number(), (announced,))
    empty = make(account=account).record
    d.write_record(tmp_path / "files", replace(empty, pending=pending))
    fields = {
        "to": to_checksum_address("0x" + "ab" * 20),
        "value": 1,
        "gas": 21000,
        "nonce": nonce,
        "chainId": chain.chain_id,
    }
    chain.send_raw(account.sign({**fields, "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9, "type": 2}))
    deployed = run(make(account=account))
    assert deployed.record.addresses["Consortium"] == created_address(account.address, nonce + 1)


def test_a_local_chain_that_was_started_anew_gets_a_new_deployment(make: Make) -> None:
    """There, addresses come again; transactions do not."""
    first = run(make())
    entries = {name: replace(entry, transaction="0x" + "77" * 32) for name, entry in first.record.contracts.items()}
    d.write_record(first.folder, replace(first.record, contracts=entries))
    again = run(make())
    assert "started anew" in again.said[0] and again.lane.sent > 0


def test_where_a_chain_is_not_local_missing_code_is_never_deployed_again(make: Make, chain: Connection) -> None:
    first = run(make())
    entries = {name: replace(entry, address=f"0x{place:040x}") for place, (name, entry) in enumerate(
        first.record.contracts.items(), start=0xABC000)}  # fmt: skip
    d.write_record(first.folder, replace(first.record, contracts=entries))
    later = make(local=False)
    with pytest.raises(WrongChain, match=r"no code of Consortium at 0x.*move .*\.json away"):
        later.run()
    assert later.lane.sent == 0 and later.said == []


def test_a_chain_is_local_by_its_id_and_by_its_client(chain: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_local(chain)
    monkeypatch.setattr(Connection, "request", lambda *_: "besu/v25.1.0/linux-x86_64/openjdk-java-21")
    assert not is_local(chain)


def test_a_development_node_with_another_id_is_not_local() -> None:
    with anvil(chain_id=11155111) as chain:
        assert not is_local(chain)


def test_other_settings_are_told_and_nothing_is_sent(make: Make, description: d.ConsortiumDescription) -> None:
    run(make())
    later = make(replace(description, quorum=3))
    with pytest.raises(ConfigurationError, match=r"Consortium on chain \d+ was deployed with other quorum"):
        later.run()
    assert later.lane.sent == 0


def test_an_interrupted_run_is_not_resumed_with_other_settings(
    make: Make, chain: Connection, tmp_path: Path, description: d.ConsortiumDescription
) -> None:
    lane = Lane(Deaf(chain.url, chain.chain_id), make().lane.account, poll=0.01)
    with pytest.raises(Killed):
        Deployer(lane, tmp_path / "files", side_of(chain), description, creation_code(), local=True).run()
    with pytest.raises(ConfigurationError, match=r"Consortium on chain .* was sent with other settings"):
        make(replace(description, quorum=3)).run()
    assert run(make()).record.contracts["Consortium"]


def test_other_code_is_told(make: Make) -> None:
    first = run(make())
    names = list(first.record.contracts)
    entries = {**first.record.contracts, names[1]: first.record.contracts[names[-1]]}
    d.write_record(first.folder, replace(first.record, contracts=entries))
    with pytest.raises(WrongChain, match=rf"{names[1]} at .* is not what the sources compile to"):
        run(make())


def test_code_that_has_changed_is_told(make: Make) -> None:
    first = run(make())
    entry = replace(first.record.contracts["Consortium"], code_hash="0x" + "11" * 32)
    d.write_record(first.folder, replace(first.record, contracts={**first.record.contracts, "Consortium": entry}))
    with pytest.raises(WrongChain, match=r"the code of Consortium at .* has changed"):
        run(make())


def test_a_file_of_the_other_side_is_told(make: Make) -> None:
    first = run(make())
    other = "private" if first.role == "public" else "public"
    with pytest.raises(ConfigurationError, match=f"describes a {first.role} chain"):
        make(role=other)


def test_only_the_account_that_began_goes_on(
    make: Make, chain: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(make())
    entries = {"Consortium": first.record.contracts["Consortium"]}
    d.write_record(first.folder, replace(first.record, contracts=entries, bindings={}))
    stranger = key_account(tmp_path, chain)
    with pytest.raises(ConfigurationError, match=rf"was begun by {first.lane.account.address}"):
        run(make(account=stranger))
    announced = d.Announced("CheckpointAnchor", "0x" + "11" * 20, 1)
    pending = d.Pending(first.lane.account.address, 1, (announced,))
    d.write_record(first.folder, replace(first.record, contracts=entries, pending=pending))
    with pytest.raises(ConfigurationError, match=f"an interrupted run has sent from {first.lane.account.address}"):
        run(make(account=stranger))


def test_keys_without_money_get_development_funding_on_a_local_chain_only(
    make: Make, chain: Connection, description: d.ConsortiumDescription
) -> None:
    poor = "0x" + "ab" * 20
    first, *others = description.members
    settings = replace(description, members=(replace(first, delegate=poor), *others))
    run(make(settings, local=False))
    assert chain.balance(Address(poor)) == 0
    run(make(settings))
    assert chain.balance(Address(poor)) == 100 * ETHER
    assert run(make(settings)).lane.sent == 0


def test_a_contract_that_refuses_is_named(make: Make, description: d.ConsortiumDescription) -> None:
    first, second, *others = description.members
    settings = replace(description, members=(first, replace(second, authority=first.authority), *others))
    deployer = make(settings)
    with pytest.raises(TransactionReverted, match=r"Consortium on chain .* was refused .*ConsortiumInvalidAuthority"):
        run(deployer)
    assert deployer.lane.sent == 0 and deployer.record.pending is None


def test_an_account_without_money_is_one_line(make: Make, chain: Connection, tmp_path: Path) -> None:
    made = EthAccount.create()
    path = tmp_path / "poor.json"
    path.write_text(json.dumps(made.encrypt("horse", iterations=2)))
    with pytest.raises(ChainError, match=f"account {made.address.lower()} has too little money; .*--dry-run") as caught:
        run(make(account=KeyAccount(path, lambda: "horse")))
    assert "\n" not in str(caught.value)


def test_a_transaction_counts_when_enough_blocks_confirm_it(make: Make, chain: Connection) -> None:
    """Three confirmations are the transaction's own block and two more."""
    deployer = make(confirmations=3)
    done = threading.Event()

    def mine() -> None:
        own = Connection(chain.url, chain.chain_id)
        while not done.wait(0.05):
            own.request("evm_mine", [])

    miner = threading.Thread(target=mine)
    miner.start()
    try:
        run(deployer)
    finally:
        done.set()
        miner.join()
    blocks = [entry.block for entry in deployer.record.contracts.values()]
    apart = [later - earlier for earlier, later in pairwise(blocks) if later != earlier]
    assert min(apart) >= 3


def test_too_few_confirmations_in_time_are_told(make: Make) -> None:
    deployer = make(confirmations=3, patience=0.2)
    with pytest.raises(ChainError, match=r"Consortium on chain .* is in block \d+ and not confirmed in time"):
        run(deployer)
    assert deployer.record.pending is not None and deployer.record.contracts == {}


def test_a_reorganisation_that_moves_a_transaction_starts_its_confirmations_again(
    make: Make, chain: Connection
) -> None:
    """Its block is taken back when it has two of three confirmations; the transaction is mined again, later."""
    deployer = make(confirmations=3, patience=20.0)
    thread = threading.Thread(target=run, args=(deployer,))
    own = Connection(chain.url, chain.chain_id)
    before, snapshot = own.block_number(), own.request("evm_snapshot", [])
    thread.start()
    wait_for(lambda: own.block_number() > before)
    sent = own.request("eth_getBlockByNumber", [hex(before + 1), True])["transactions"][0]
    own.request("evm_revert", [snapshot])
    own.request("evm_mine", [])
    own.request("eth_sendTransaction", [{name: sent[name] for name in ("from", "input", "nonce", "gas")}])
    stop = time.monotonic() + 20
    while thread.is_alive() and time.monotonic() < stop:
        own.request("evm_mine", [])
        time.sleep(0.05)
    thread.join()
    assert deployer.record.contracts["Consortium"].block == before + 2
    assert len(deployer.record.contracts) >= len(d.ORDER[deployer.role])


def wait_for(holds: Callable[[], bool]) -> None:
    stop = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < stop, "it never came"
        time.sleep(0.01)
