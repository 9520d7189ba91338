"""Deploying: in order, resumed, checked, and silent when there is nothing to do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from brownie import Consortium, accounts, web3
from contract_support import ETHER, name

from orchestrator import deployment as d
from orchestrator.errors import ChainError, ConfigurationError, WrongChain
from scripts.deploy import role_of
from scripts.deployer import Deployer
from scripts.onchain import created_address


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def description():
    return d.development_description([account.address for account in accounts])


@pytest.fixture
def deployer_for(tmp_path, description):
    """A run's Deployer; both sides on the test chain, in folders of their own."""

    def make(role, settings=description):
        return Deployer(tmp_path / role, role, settings, accounts[0])

    return make


def run(deployer):
    deployer.run()
    return deployer


@pytest.mark.parametrize("role", ["public", "private"])
def test_a_second_run_sends_nothing(deployer_for, role):
    first = run(deployer_for(role))
    assert first.transactions > len(d.ORDER[role]) - 1
    second = run(deployer_for(role))
    assert second.transactions == 0 and second.record == first.record
    document = json.loads(d.record_path(first.folder, 31337).read_text())
    assert document["format"] == "loranchor/deployment" and document["role"] == role
    assert "pending" not in document


def test_everything_is_bound_and_the_pair_knows_each_other(deployer_for, tmp_path):
    public, private = run(deployer_for("public")), run(deployer_for("private"))
    assert private.contract("RoundLedger").revocations().lower() == private.record.addresses["RevocationLedger"]
    assert "ContributionToken" in public.record.contracts
    for one in (public, private):
        one.bind_consortium(public.record, private.record)
        sent = one.transactions
        one.bind_consortium(public.record, private.record)
        assert one.transactions == sent
    bound = [str(value).lower() for value in public.contract("Consortium").binding()]
    addresses = [one.record.addresses["Consortium"] for one in (public, private)]
    assert bound == ["31337", addresses[0], "31337", addresses[1]]
    with pytest.raises(ConfigurationError, match="bound to"):
        public.bind_consortium(private.record, public.record)


@pytest.mark.parametrize("stop_at", range(1, 9))
def test_a_killed_run_is_resumed_without_deploying_twice(deployer_for, monkeypatch, stop_at):
    """The process ends before the `stop_at`-th writing of the file: before or after a contract was sent."""
    count = 0
    write = d.write_record

    def write_or_end(folder, record):
        nonlocal count
        count += 1
        if count == stop_at:
            raise Killed
        write(folder, record)

    before = web3.eth.get_transaction_count(accounts[0].address)
    with monkeypatch.context() as patch:
        patch.setattr(d, "write_record", write_or_end)
        with pytest.raises(Killed):
            run(deployer_for("public"))
    resumed = run(deployer_for("public"))
    assert list(resumed.record.contracts) == [*d.ORDER["public"][:3], "ContributionToken", d.ORDER["public"][3]]
    assert web3.eth.get_transaction_count(accounts[0].address) - before == len(d.ORDER["public"])


def test_a_chain_that_was_started_anew_gets_a_new_deployment(deployer_for):
    first = run(deployer_for("public"))
    nowhere = d.DeploymentRecord(
        31337,
        "public",
        first.record.consortium_id,
        {
            name: d.ContractRecord(created_address("0x" + "11" * 20, place), 1, entry.transaction, (), entry.code_hash)
            for place, (name, entry) in enumerate(first.record.contracts.items())
        },
    )
    d.write_record(first.folder, nowhere)
    again = run(deployer_for("public"))
    assert "started anew" in again.said[0] and again.transactions > 0


def test_another_deployment_at_the_same_addresses_is_not_taken_for_ours(deployer_for):
    """On a local chain that was started anew, addresses come again; transactions do not."""
    first = run(deployer_for("public"))
    entries = {name: replace(entry, transaction="0x" + "77" * 32) for name, entry in first.record.contracts.items()}
    d.write_record(first.folder, replace(first.record, contracts=entries))
    assert run(deployer_for("public")).transactions > 0


def test_other_settings_are_told_and_nothing_is_sent(deployer_for, description):
    run(deployer_for("public"))
    changed = d.ConsortiumDescription(description.consortium_id, 3, description.members)
    later = deployer_for("public", changed)
    with pytest.raises(ConfigurationError, match="Consortium on chain 31337 was deployed with other quorum"):
        later.run()
    assert later.transactions == 0


def test_other_code_is_told(deployer_for):
    first = run(deployer_for("public"))
    entries = dict(first.record.contracts)
    entries["CheckpointAnchor"] = entries["DisclosureRegistry"]
    record = d.DeploymentRecord(31337, "public", first.record.consortium_id, entries)
    d.write_record(first.folder, record)
    with pytest.raises(WrongChain, match=r"CheckpointAnchor at .* is not what the sources compile to"):
        run(deployer_for("public"))


def test_keys_without_money_get_development_funding(deployer_for, description):
    poor = "0x" + "ab" * 20
    first, *others = description.members
    members = (d.MemberDescription(first.organisation, first.authority, poor), *others)
    settings = d.ConsortiumDescription(description.consortium_id, 2, members)
    run(deployer_for("public", settings))
    assert web3.eth.get_balance(web3.to_checksum_address(poor)) == 100 * ETHER


def test_a_refused_transaction_is_one_line(deployer_for, description):
    first, second, *others = description.members
    members = (first, d.MemberDescription(second.organisation, first.authority, second.delegate), *others)
    settings = d.ConsortiumDescription(description.consortium_id, 2, members)
    with pytest.raises(ChainError) as caught:
        run(deployer_for("public", settings))
    assert "Consortium on chain 31337 was refused" in str(caught.value) and "\n" not in str(caught.value)


def test_the_side_of_a_chain_follows_from_its_id(description):
    assert role_of("test", description) == "public"
    for name in ("private", "sepolia"):
        other = d.ConsortiumDescription(description.consortium_id, 2, description.members, public_chain_id=1)
        with pytest.raises(WrongChain, match="chain id 31337"):
            role_of(name, other)


def test_addresses_are_known_before_they_exist():
    made = accounts[0].deploy(Consortium, "0x01", [(name("a"), accounts[1], accounts[2])], 1)
    nonce = web3.eth.get_transaction_count(accounts[0].address) - 1
    assert created_address(accounts[0].address, nonce) == made.address.lower()
    assert created_address("0x" + "00" * 20, 0) == "0xbd770416a3345f91e4b34576cb804a576fa48eb1"
