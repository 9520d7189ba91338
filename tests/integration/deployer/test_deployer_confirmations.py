"""A transaction counts when enough blocks confirm it, also after a reorganisation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from deployer_world import Make, run

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.errors import ChainError


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
