"""`brownie run deploy`, killed with SIGKILL around every transaction: the next run ends as an undisturbed one does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chain_nodes import anvil, fund, ganache
from deploy_command import CONSORTIUM_ID, DEPLOYER, Place
from rpc_proxy import proxy

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.types import Address

# transactions of a whole deployment: contracts, bindings, the binding of the pair (which needs the other chain's file)
CASES = {"anvil-key": 5, "ganache-key": 10, "ganache-node": 9}
PUBLIC, PRIVATE = 11155111, 2018


@contextmanager
def node_of(case: str, scratch: Path) -> Iterator[tuple[Connection, str, str]]:
    """A fresh node, the network's name for it, and its side. Every start of a case is alike."""
    if case == "anvil-key":
        with anvil(chain_id=PUBLIC) as chain:
            yield chain, "sepolia", "public"
    else:
        with ganache(scratch, PRIVATE if case == "ganache-key" else 1337) as chain:
            yield chain, "besu", "private"


@contextmanager
def place_of(case: str, scratch: Path) -> Iterator[tuple[Place, Any, Connection]]:
    """A deployer's place before a chain, with somebody in between."""
    scratch.mkdir(parents=True, exist_ok=True)
    with node_of(case, scratch) as (chain, network, side), proxy(chain.url) as between:
        encrypted = case.endswith("-key")
        ids = {"public": PUBLIC, "private": chain.chain_id if side == "private" else PRIVATE}
        place = Place(scratch, network, between.url, ids, encrypted)
        if encrypted:
            fund(chain, Address(DEPLOYER), 20)
            write_other_side(place, "private" if side == "public" else "public")
        yield place, between, chain


def write_other_side(place: Place, side: str) -> None:
    """The other chain's Consortium, so that the pair is bound too."""
    entry = d.ContractRecord("0x" + "e1" * 20, 1, "0x" + "00" * 32, place.founding(), "0x" + "00" * 32)
    binding = d.BindingRecord(1, "0x" + "00" * 32, ())
    record = d.DeploymentRecord(place.ids[side], side, CONSORTIUM_ID, {"Consortium": entry}, {"Consortium": binding})
    d.write_record(place.files, record)


def side_of(case: str) -> str:
    return "public" if case.startswith("anvil") else "private"


def lasting(document: Any) -> Any:
    """What does not depend on when a transaction was mined, nor on its fee."""
    kept = {
        name: {key: value for key, value in entry.items() if key not in ("block", "transaction")}
        for name, entry in {
            **document["contracts"],
            **{f"{n}.bind": e for n, e in document["bindings"].items()},
        }.items()
    }
    return {**{name: value for name, value in document.items() if name not in ("contracts", "bindings")}, **kept}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The record of a deployment that nobody kills, on a chain with the same start."""
    known: dict[str, Any] = {}

    def of(case: str) -> Any:
        if case not in known:
            with place_of(case, tmp_path_factory.mktemp(case) / "place") as (place, between, _):
                code, out, errors = place.run()
                assert (code, errors) == (0, ""), out + errors
                assert between.sends == CASES[case]
                known[case] = place.record(side_of(case))
        return known[case]

    return of


def creations(chain: Connection, sender: str) -> list[str]:
    """Contracts that the deployer's transactions created, and that all of them succeeded."""
    found = []
    for number in range(chain.block_number() + 1):
        for transaction in chain.request("eth_getBlockByNumber", [hex(number), True])["transactions"]:
            if transaction["from"].lower() == sender:
                receipt = chain.request("eth_getTransactionReceipt", [transaction["hash"]])
                assert receipt["status"] == "0x1"
                found += [receipt["contractAddress"].lower()] if transaction["to"] is None else []
    return found


def boundaries() -> list[Any]:
    """Around every transaction of every case; in `make test` after the second on Anvil, before the third on Ganache."""
    quick = {("anvil-key", 2, "after"), ("ganache-node", 3, "before")}
    cases = [(case, at, when) for case in CASES for at in range(1, CASES[case] + 1) for when in ("before", "after")]
    return [pytest.param(*case, marks=[] if case in quick else [pytest.mark.slow]) for case in cases]


@pytest.mark.parametrize(("case", "at", "when"), boundaries())
def test_a_killed_deployment_is_resumed_to_the_same_result(
    tmp_path: Path, undisturbed: Any, case: str, at: int, when: str
) -> None:
    side = side_of(case)
    with place_of(case, tmp_path / "place") as (place, between, chain):
        process = place.start()
        between.at, between.when, between.act = at, when, lambda: os.killpg(process.pid, signal.SIGKILL)
        out, _ = process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL, out
        assert "pending" in place.record(side)

        code, out, errors = place.run()
        assert (code, errors) == (0, ""), out + errors
        assert lasting(place.record(side)) == lasting(undisturbed(case))
        deployer = place.record(side)["deployer"]
        addresses = {entry["address"] for entry in place.record(side)["contracts"].values()}
        made = creations(chain, deployer)
        assert len(made) == len(d.ORDER[side]) and set(made) <= addresses

        sends, before = between.sends, (place.files / f"{place.ids[side]}.json").read_bytes()
        code, out, errors = place.run()
        assert (code, errors) == (0, ""), out + errors
        assert between.sends == sends and "transactions sent: 0" in out
        assert (place.files / f"{place.ids[side]}.json").read_bytes() == before


def test_killing_the_command_alone_leaves_nothing_that_goes_on(tmp_path: Path) -> None:
    """Not the group, as a shell's `kill -9 %1` does, but the one process whose number a user sees."""
    ended = threading.Event()
    with place_of("anvil-key", tmp_path / "place") as (place, between, chain):
        process = place.start()

        def end() -> None:
            os.kill(process.pid, signal.SIGKILL)
            ended.set()

        between.at, between.when, between.act = 2, "before", end
        out, _ = process.communicate(timeout=300)  # its pipes end when nobody holds them
        assert ended.is_set() and process.returncode == -signal.SIGKILL, out
        assert between.sends == 2 and int(chain.request("eth_getTransactionCount", [DEPLOYER, "pending"]), 16) == 1
