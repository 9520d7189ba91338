"""A deployment that was interrupted, or whose transactions wait, goes on; nothing is sent twice."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from deployer_world import Deaf, Killed, Make, creation_code, key_account, mining, nonce_of, run, side_of
from eth_utils.address import to_checksum_address

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.deployment.account import NodeAccount
from orchestrator.deployment.addresses import created_address
from orchestrator.deployment.deployer import Deployer
from orchestrator.deployment.lane import Lane
from orchestrator.errors import ChainError

WRITES = {"public": 12, "private": 23}


FEW, MANY = (1, 2, 3, 18), tuple(range(1, 24))


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
