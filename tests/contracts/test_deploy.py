"""The deploying scripts in Brownie's environment; what they do on chains is in tests/integration/deployer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from brownie import accounts, project, web3
from brownie._config import CONFIG

from orchestrator import deployment as d
from orchestrator.errors import ChainError, ConfigurationError, EnvironmentMissing, WrongChain
from scripts import compiler, nodes, oneline


@pytest.fixture
def description():
    return d.development_description([account.address for account in accounts])


def test_what_is_deployed_is_what_brownie_compiles():
    for name, compiled in compiler.compiled_contracts().items():
        built = project.get_loaded_projects()[0]._build.get(name)
        assert compiled.creation == built["bytecode"], name
        assert compiled.runtime == built["deployedBytecode"], name


def test_a_stale_abi_is_told_before_anything_is_sent(monkeypatch):
    stale = replace(compiler.artifact("Consortium"), document={"code_hash": "0x" + "11" * 32})
    monkeypatch.setattr(compiler, "artifact", lambda name: stale)
    with pytest.raises(
        EnvironmentMissing, match=r"Consortium\.json is not what the sources compile to; run `python -m"
    ):
        compiler.compiled_contracts()


def test_the_side_of_a_chain_follows_from_its_id(description):
    assert nodes.role_of("test", 31337, description) == "public"
    assert nodes.role_of("besu", 1337, description) == "private"
    for name, chain_id in (("private", 31337), ("sepolia", 11155111)):
        with pytest.raises(WrongChain, match=f"network {name} has chain id {chain_id}"):
            nodes.role_of(name, chain_id, description)


def test_a_network_is_reached_by_its_name():
    node = nodes.node_of("test")
    assert node.local and node.chain.chain_id == web3.chain_id == 31337


def test_a_network_without_a_node_or_without_http_is_told(monkeypatch):
    monkeypatch.setitem(CONFIG.networks, "down", {"host": "http://127.0.0.1:1/secret-key"})
    with pytest.raises(ChainError, match="the node of network down does not answer"):
        nodes.node_of("down")
    monkeypatch.setitem(CONFIG.networks, "socket", {"host": "ws://127.0.0.1:1"})
    with pytest.raises(ConfigurationError, match="network socket has no HTTP address"):
        nodes.node_of("socket")


def test_an_address_with_a_key_in_it_is_not_shown(monkeypatch, capsys):
    monkeypatch.setitem(CONFIG.networks, "down", {"host": "http://127.0.0.1:1/secret-key"})
    with pytest.raises(ChainError):
        nodes.node_of("down")

    def action():
        raise ChainError("no answer from http://127.0.0.1:1/secret-key", mend="wait")

    with pytest.raises(SystemExit) as ended:
        oneline.in_one_line("deploy", action)
    assert ended.value.code == 4
    assert capsys.readouterr().err == "deploy: no answer from the node of down; wait\n"


def test_an_interrupt_is_one_line(capsys):
    def action():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        oneline.in_one_line("deploy", action)
    assert ended.value.code == 130
    assert capsys.readouterr().err == "deploy: interrupted; run it again to go on\n"


def test_a_file_that_cannot_be_written_is_one_line(capsys):
    def action():
        raise OSError(28, "No space left on device", "build/verify/Consortium")

    with pytest.raises(SystemExit) as ended:
        oneline.in_one_line("verify", action)
    assert ended.value.code == 3
    assert capsys.readouterr().err == "verify: cannot use build/verify/Consortium: No space left on device\n"
