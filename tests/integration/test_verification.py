"""The check of what lies on a chain: it agrees with a deployment, and names whatever was changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chain_nodes import anvil, ganache

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.chain.contracts import private_contracts, public_contracts
from orchestrator.chain.links import View, check_pair
from orchestrator.deployment.account import NodeAccount
from orchestrator.deployment.deployer import Deployer
from orchestrator.deployment.immutables import Facts, expected, filled, short_text
from orchestrator.deployment.lane import Lane
from orchestrator.deployment.publication import publication
from orchestrator.deployment.verification import Verdict, Verifier
from orchestrator.errors import ConfigurationError, EnvironmentMissing, WrongChain
from scripts.compiler import answer_of, compiled_contracts
from tools.setup.paths import ROOT

LONG_NAME = "A token whose name has more than thirty-one bytes"
PUBLIC = [*d.ORDER["public"][:3], "ContributionToken", "DisclosureRegistry"]
ELSEWHERE = "0x" + "e1" * 20


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Connection, Deployer]]]:
    """A whole consortium: public on Anvil, private on Ganache, bound to each other."""
    folder = tmp_path_factory.mktemp("files")
    creation = {name: compiled.creation for name, compiled in compiled_contracts().items()}
    with anvil() as public, ganache(folder) as private:
        description = replace(d.development_description(public.request("eth_accounts", [])), token_name=LONG_NAME)
        sides = {}
        for role, chain in (("public", public), ("private", private)):
            lane = Lane(chain, NodeAccount(chain.request("eth_accounts", [])[0]), poll=0.01)
            sides[role] = (chain, Deployer(lane, folder, role, description, creation, local=False))
            sides[role][1].run()
        records = [sides[role][1].record for role in ("public", "private")]
        for _, deployer in sides.values():
            deployer.bind_consortium(*records)
        yield sides


@pytest.fixture
def public(pair: Any) -> Iterator[tuple[Connection, d.DeploymentRecord]]:
    """The public side; what a test does to the chain is taken back."""
    chain, deployer = pair["public"]
    snapshot = chain.request("evm_snapshot", [])
    yield chain, deployer.record
    chain.request("evm_revert", [snapshot])


@pytest.fixture
def check(pair: Any) -> Callable[..., dict[str, Verdict]]:
    def verdicts(side: str = "public", record: Any = None, other: Any = "the other", description: Any = None) -> Any:
        chain, deployer = pair[side]
        if other == "the other":
            other = pair["private" if side == "public" else "public"][1].record
        found = Verifier(chain, record or deployer.record, other, compiled_contracts(), description).verdicts()
        return {verdict.name: verdict for verdict in found}

    return verdicts


@pytest.mark.parametrize("side", ["public", "private"])
def test_a_deployment_agrees_in_every_byte(check: Any, pair: Any, side: str) -> None:
    found = check(side, description=pair[side][1].description)
    assert list(found) == (PUBLIC if side == "public" else list(d.ORDER["private"]))
    assert {name for name, verdict in found.items() if not verdict.ok} == set()
    bound = {name for name, verdict in found.items() if verdict.binding == "ok"}
    assert bound == (
        {"Consortium"} if side == "public" else {"Consortium", *d.bindings(side, pair[side][1].record.addresses)}
    )
    assert all(verdict.constructor == "ok" and verdict.code == "ok" for verdict in found.values())


def test_the_code_is_computed_whole_with_its_immutables(public: Any) -> None:
    """The same check by hand: fill in what the constructors wrote, compare all of it."""
    chain, record = public
    compiled = compiled_contracts()["ContributionToken"]
    entry = record.contracts["ContributionToken"]
    named = dict(zip(("name", "symbol", "minter"), entry.constructor_arguments, strict=True))
    facts = Facts("ContributionToken", 31337, entry.address, record.deployer, named, record.addresses)
    values = expected(facts, list(compiled.immutables))
    assert filled(compiled, values) == chain.code(entry.address)
    assert values["EIP712._name"] == (0xFF).to_bytes(32, "big")  # too long for a word
    assert short_text("1") == b"1" + bytes(30) + b"\x01"


def test_an_immutable_that_nobody_knows_is_told() -> None:
    facts = Facts("Consortium", 1, ELSEWHERE, ELSEWHERE, {}, {})
    with pytest.raises(ConfigurationError, match=r"nobody knows what Consortium\.secret of Consortium should be"):
        expected(facts, ["Consortium.secret"])


def altered(chain: Connection, address: str, change: Callable[[bytearray], None]) -> None:
    code = bytearray(chain.code(address))  # type: ignore[arg-type]
    change(code)
    chain.request("anvil_setCode", [address, "0x" + code.hex()])


def flip(place: int) -> Callable[[bytearray], None]:
    def change(code: bytearray) -> None:
        code[place] ^= 1

    return change


def test_changed_code_is_named(public: Any, check: Any) -> None:
    chain, record = public
    places = compiled_contracts()["CheckpointAnchor"].immutables["CheckpointAnchor.privateChainId"]
    altered(chain, record.addresses["CheckpointAnchor"], flip(places[0][0] + 31))
    altered(chain, record.addresses["AwardDistributor"], flip(100))
    altered(chain, record.addresses["DisclosureRegistry"], flip(-10))
    altered(chain, record.addresses["ContributionToken"], lambda code: code.append(0))
    chain.request("anvil_setCode", [record.addresses["Consortium"], "0x"])
    found = check()
    assert found["CheckpointAnchor"].code == "ok"
    assert found["CheckpointAnchor"].immutables == ("CheckpointAnchor.privateChainId is 0x538 and 0x539, not 0x539")
    assert found["AwardDistributor"].code == "other code from byte 100 on"
    assert found["DisclosureRegistry"].code.startswith("other metadata hash: the same instructions")
    assert found["ContributionToken"].code.startswith("other code: ")
    assert found["Consortium"].code == "there is no code"
    assert not any(verdict.ok for verdict in found.values())


def changed(record: d.DeploymentRecord, name: str, **changes: Any) -> d.DeploymentRecord:
    entry = replace(record.contracts[name], **changes)
    return replace(record, contracts={**record.contracts, name: entry})


def test_a_file_that_tells_something_else_is_named(public: Any, check: Any) -> None:
    _, record = public
    arguments = record.contracts["DisclosureRegistry"].constructor_arguments
    found = check(record=changed(record, "DisclosureRegistry", constructor_arguments=(arguments[0], 5)))
    assert found["DisclosureRegistry"].immutables == "DisclosureRegistry.defaultEmbargo is 0x76a700, not 0x5"
    assert found["DisclosureRegistry"].constructor == "the transaction has other creation code or arguments"
    members = record.contracts["Consortium"].constructor_arguments
    found = check(record=changed(record, "Consortium", constructor_arguments=(*members[:2], 3)))
    assert found["Consortium"].constructor == "the transaction has other creation code or arguments"
    found = check(record=changed(record, "CheckpointAnchor", transaction="0x" + "77" * 32))
    assert found["CheckpointAnchor"].constructor.startswith("the chain does not know transaction 0x77")
    found = check(record=changed(record, "CheckpointAnchor", block=1))
    assert found["CheckpointAnchor"].constructor == "it was made in block 2, not 1"
    found = check(record=replace(record, deployer=ELSEWHERE))
    assert found["CheckpointAnchor"].constructor.endswith(f"made it, not {ELSEWHERE}")
    assert "Consortium._deployer is" in found["Consortium"].immutables


def test_the_same_code_deployed_by_somebody_else_is_named(public: Any, check: Any) -> None:
    """Byte for byte the same, at an address that the transaction in the file did not make."""
    chain, record = public
    other = "0x" + "0c" * 20
    code = chain.code(record.addresses["DisclosureRegistry"])
    chain.request("anvil_setCode", [other, "0x" + code.hex()])
    found = check(record=changed(record, "DisclosureRegistry", address=other))["DisclosureRegistry"]
    assert (found.code, found.immutables) == ("ok", "ok")
    assert found.constructor == "the transaction did not make this contract"


def test_a_token_of_another_maker_or_with_other_words_is_named(public: Any, check: Any) -> None:
    chain, record = public
    arguments = record.contracts["ContributionToken"].constructor_arguments
    found = check(
        record=changed(record, "ContributionToken", constructor_arguments=(arguments[0], "XYZ", arguments[2]))
    )
    assert found["ContributionToken"].constructor.startswith("it was made with ['A token")
    other = "0x" + "0c" * 20
    chain.request("anvil_setCode", [other, "0x" + chain.code(record.addresses["ContributionToken"]).hex()])
    found = check(record=changed(record, "ContributionToken", address=other))
    assert found["ContributionToken"].constructor == "AwardDistributor did not make it"
    assert "AwardDistributor.token is" in found["AwardDistributor"].immutables


def test_bindings_are_compared_with_both_files_and_their_transactions(check: Any, pair: Any) -> None:
    public, private = (pair[side][1].record for side in ("public", "private"))
    moved = changed(private, "Consortium", address=ELSEWHERE)
    assert ELSEWHERE in check(other=moved)["Consortium"].binding
    assert "there is no file of the other chain" in check(other=None)["Consortium"].binding
    wrong = d.BindingRecord(1, public.contracts["CheckpointAnchor"].transaction, ())
    found = check(record=replace(public, bindings={"Consortium": wrong}))
    assert found["Consortium"].binding.endswith("did something else")
    unknown = d.BindingRecord(1, "0x" + "77" * 32, ())
    found = check(record=replace(public, bindings={"Consortium": unknown}))
    assert found["Consortium"].binding.startswith("the chain does not know transaction")
    assert check(record=replace(public, bindings={}, deployer=""))["Consortium"].ok  # a file of an earlier version


@pytest.fixture(scope="module")
def impostors(pair: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, d.DeploymentRecord]:
    """Files of the deployer's own one-member consortium in which the honest Consortium stands in its place: every line
    is true by itself, and every contract is of our code."""
    found = {}
    for role in ("public", "private"):
        honest = pair[role][1]
        alone = replace(honest.description, members=honest.description.members[:1], quorum=1)
        folder = tmp_path_factory.mktemp(role)
        own = Deployer(honest.lane, folder, role, alone, honest._creation, local=False)
        own.run()
        contracts = {**own.record.contracts, "Consortium": honest.record.contracts["Consortium"]}
        bindings = {**own.record.bindings, "Consortium": honest.record.bindings["Consortium"]}
        found[role] = replace(own.record, contracts=contracts, bindings=bindings)
    return found


@pytest.mark.parametrize("role", ["public", "private"])
def test_contracts_bound_to_another_consortium_than_the_files_are_named(
    check: Any, pair: Any, impostors: dict[str, d.DeploymentRecord], role: str
) -> None:
    """Without a consortium file."""
    mine, honest = impostors[role], pair[role][1].record.addresses["Consortium"]
    found = check(role, record=mine)
    assert found.pop("Consortium").ok
    found.pop("ContributionToken", None)  # it knows its distributor only
    for verdict in found.values():
        assert verdict.code == "ok" and verdict.immutables == "ok"
        assert verdict.constructor.startswith("its consortium is 0x")
        assert verdict.constructor.endswith(f", not the file's Consortium {honest}")
        assert verdict.links.endswith(f", not {honest}")


@pytest.mark.parametrize("role", ["public", "private"])
def test_daemons_and_doctor_refuse_contracts_bound_to_another_consortium(
    pair: Any, impostors: dict[str, d.DeploymentRecord], tmp_path: Path, role: str
) -> None:
    chain, deployer = pair[role]
    load = public_contracts if role == "public" else private_contracts
    d.write_record(tmp_path, deployer.record)
    assert load(chain, tmp_path).deployment.side == role
    d.write_record(tmp_path, impostors[role])
    honest = deployer.record.addresses["Consortium"]
    with pytest.raises(WrongChain, match=rf"at 0x.* names 0x.* as its consortium, .*json names {honest}; do not use"):
        load(chain, tmp_path)


def test_contracts_that_are_not_bound_yet_are_no_reason_for_alarm(pair: Any, tmp_path: Path) -> None:
    """A deployment that ended before its bindings: the file is whole."""
    chain, deployer = pair["private"]
    second = Deployer(deployer.lane, tmp_path, "private", deployer.description, deployer._creation, local=False)
    for name in d.ORDER["private"]:
        second._deploy(name)
    with pytest.raises(EnvironmentMissing, match=r"CheckpointSchedule at 0x.* is not bound yet .its binding.; f"):
        private_contracts(chain, tmp_path)


def test_doctor_compares_what_the_contracts_say_of_the_other_chain(
    pair: Any, impostors: dict[str, d.DeploymentRecord], tmp_path: Path
) -> None:
    for _, deployer in pair.values():
        d.write_record(tmp_path, deployer.record)
    public, private = (pair[role][0] for role in ("public", "private"))
    ours, theirs = public_contracts(public, tmp_path), private_contracts(private, tmp_path).consortium
    check_pair(ours.consortium, theirs, ours.anchor)
    anchor = impostors["public"].contracts["CheckpointAnchor"].constructor_arguments[0]  # the deployer's own Consortium
    for consortium in (View(public, "Consortium", anchor), View(public, "Consortium", ours.consortium.address)):
        elsewhere: Any = SimpleNamespace(chain=private, address=ELSEWHERE, contract="Consortium")
        with pytest.raises(WrongChain, match=r"Consortium at 0x.* names .* as its binding, the deployment files name"):
            check_pair(consortium, elsewhere, ours.anchor)
    elsewhere = SimpleNamespace(chain=SimpleNamespace(chain_id=2018), address=theirs.address, contract="Consortium")
    with pytest.raises(WrongChain, match="names 1337 as its privateChainId, the deployment files name 2018"):
        check_pair(ours.consortium, elsewhere, ours.anchor)


def test_a_consortium_of_another_id_than_the_files_is_named(check: Any, pair: Any, tmp_path: Path) -> None:
    chain, deployer = pair["public"]
    other = replace(deployer.record, consortium_id="0x" + "c1" * 32)
    assert check(record=other)["Consortium"].links.endswith(f", not {'0x' + 'c1' * 32}")
    d.write_record(tmp_path, other)
    with pytest.raises(WrongChain, match="as its consortiumId"):
        public_contracts(chain, tmp_path)


def test_an_anchor_of_another_private_chain_is_named(check: Any, pair: Any) -> None:
    elsewhere = replace(pair["private"][1].record, chain_id=2018)
    found = check(other=elsewhere)["CheckpointAnchor"]
    assert found.links == "its privateChainId is 1337, not 2018" and not found.ok


def test_what_is_missing_or_unbound_is_named(check: Any, pair: Any, tmp_path: Path) -> None:
    deployer = pair["public"][1]
    record = deployer.record
    left = {name: entry for name, entry in record.contracts.items() if name != "AwardDistributor"}
    assert check(record=replace(record, contracts=left))["AwardDistributor"].code == "not deployed"
    left = {name: entry for name, entry in record.contracts.items() if name != "ContributionToken"}
    found = check(record=replace(record, contracts=left))
    assert found["ContributionToken"].code == "not deployed"
    assert "AwardDistributor.token is" in found["AwardDistributor"].immutables
    creation = {name: compiled.creation for name, compiled in compiled_contracts().items()}
    second = Deployer(deployer.lane, tmp_path, "public", deployer.description, creation, local=False)
    second.run()
    assert check(record=second.record)["Consortium"].binding == "not bound yet"


def test_another_consortium_file_is_named(check: Any, pair: Any) -> None:
    description = replace(pair["private"][1].description, max_phase_blocks=7)
    found = check("private", description=description)
    assert found["RoundLedger"].constructor == "the consortium file has other maxPhaseBlocks"
    assert {name for name, verdict in found.items() if not verdict.ok} == {"RoundLedger"}


FEW = ("ContributionToken", "RoundLedger")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in FEW else [pytest.mark.slow])
        for name in dict.fromkeys((*PUBLIC, *d.ORDER["private"]))
    ],
)
def test_the_standard_json_compiles_to_the_code_on_the_chain(pair: Any, name: str) -> None:
    """A stranger's way: the file and a compiler, without this checkout; the metadata hash included."""
    chain, deployer = pair["public" if name in PUBLIC else "private"]
    entry = deployer.record.contracts[name]
    compiled = compiled_contracts()[name]
    question = json.loads(json.dumps(publication(name, entry, compiled, ROOT).standard_input))
    assert all(set(source) == {"content"} for source in question["sources"].values())
    question["settings"]["outputSelection"] = {"*": {"*": ["metadata", "evm.bytecode.object", "evm.deployedBytecode"]}}
    answer = answer_of(question)["contracts"][compiled.source][name]
    assert answer["metadata"] == compiled.metadata
    assert answer["evm"]["bytecode"]["object"] == compiled.creation
    code = answer["evm"]["deployedBytecode"]
    places = [place for found in code.get("immutableReferences", {}).values() for place in found]
    assert d.masked(chain.code(entry.address), places) == bytes.fromhex(code["object"])


def test_a_source_that_has_changed_since_is_told(pair: Any, tmp_path: Path) -> None:
    entry = pair["public"][1].record.contracts["Consortium"]
    with pytest.raises(EnvironmentMissing, match=r"the source .*\.sol has changed since it was compiled"):
        publication("Consortium", entry, compiled_contracts()["Consortium"], tmp_path)
