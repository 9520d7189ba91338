"""What lies there and is not what this run would deploy, and what a contract or an account refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from deployer_world import Deaf, Killed, Make, creation_code, key_account, run, side_of
from eth_account import Account as EthAccount

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.deployment.account import KeyAccount
from orchestrator.deployment.deployer import Deployer
from orchestrator.deployment.lane import Lane
from orchestrator.errors import ChainError, ConfigurationError, TransactionReverted, WrongChain


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
