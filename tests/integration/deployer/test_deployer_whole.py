"""Deploying on both kinds of chain: in order, bound, checked, and silent when there is nothing to do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from chain_nodes import anvil
from deployer_world import ETHER, Make, run, side_of

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.chain.links import View
from orchestrator.deployment.onchain import is_local
from orchestrator.errors import ConfigurationError, WrongChain
from orchestrator.types import Address


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
