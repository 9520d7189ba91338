"""What the environment says about a deployment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as EthAccount

from orchestrator import deployment as d
from orchestrator.deployment.account import KeyAccount, NodeAccount
from orchestrator.errors import ConfigurationError
from scripts.settings import Settings, account_path

DESCRIPTION = d.development_description([f"0x{number:040x}" for number in range(1, 8)])


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONSORTIUM", "DEPLOYMENTS", "DEPLOYER", "DEPLOYER_PASSWORD_FILE", "CONFIRMATIONS", "DRY_RUN"):
        monkeypatch.delenv(f"LORANCHOR_{name}", raising=False)
    monkeypatch.setenv("LORANCHOR_ACCOUNTS", str(tmp_path / "accounts"))
    (tmp_path / "accounts").mkdir()
    document = EthAccount.encrypt("0x" + "46" * 32, "horse", iterations=2)
    (tmp_path / "accounts" / "deployer.json").write_text(json.dumps(document))


class Node:
    """As much of a connection as an account needs."""

    chain_id = 31337

    def request(self, method: str, params: Any) -> list[str]:
        return ["0x" + "AB" * 20]


def test_an_empty_environment_has_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORANCHOR_DEPLOYMENTS", "")
    settings = Settings.read()
    assert (settings.consortium, settings.deployments) == (None, Path("deployments"))
    assert not settings.dry_run and not settings.raise_fee


@pytest.mark.parametrize(
    ("given", "role", "local", "blocks"),
    [
        ("", "public", True, 1),
        ("", "public", False, 3),
        ("", "private", False, 1),
        ("12", "private", False, 12),
        ("2", "public", True, 2),
    ],
)
def test_how_many_blocks_confirm(
    monkeypatch: pytest.MonkeyPatch, given: str, role: str, local: bool, blocks: int
) -> None:
    monkeypatch.setenv("LORANCHOR_CONFIRMATIONS", given)
    assert Settings.read().confirmations_on(role, DESCRIPTION, local=local) == blocks


def test_the_consortium_file_says_how_many_blocks_confirm() -> None:
    told = replace(DESCRIPTION, public_confirmations=6, private_confirmations=2)
    assert [Settings.read().confirmations_on(role, told, local=False) for role in ("public", "private")] == [6, 2]


@pytest.mark.parametrize("given", ["many", "-1", "1.5", "100000"])
def test_a_number_of_blocks_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("LORANCHOR_CONFIRMATIONS", given)
    with pytest.raises(ConfigurationError, match="LORANCHOR_CONFIRMATIONS is"):
        Settings.read()


def test_an_account_is_found_by_its_name_or_its_file(tmp_path: Path) -> None:
    path = tmp_path / "accounts" / "deployer.json"
    assert account_path("deployer") == path and account_path(str(path)) == path
    with pytest.raises(ConfigurationError, match=r"there is no account other \(there are: deployer\)"):
        account_path("other")


def test_the_nodes_account_serves_on_local_chains_only(monkeypatch: pytest.MonkeyPatch) -> None:
    node: Any = Node()
    found = Settings.read().account(node, local=True)
    assert isinstance(found, NodeAccount) and found.address == "0x" + "ab" * 20
    with pytest.raises(ConfigurationError, match="no account to deploy from on chain 31337"):
        Settings.read().account(node, local=False)
    monkeypatch.setenv("LORANCHOR_DEPLOYER", "deployer")
    named = Settings.read().account(node, local=True)
    assert isinstance(named, KeyAccount)
    assert Settings.read().account(node, local=False) is named  # so that its password is asked for once


@pytest.mark.parametrize("key", ["0x" + "4f" * 32, "4F" * 32, "Key: 0x" + "4f" * 32 + "!"])
def test_a_private_key_in_place_of_a_name_is_not_repeated(key: str) -> None:
    with pytest.raises(ConfigurationError, match="holds 64 hexadecimal digits, as a private key does") as caught:
        account_path(key)
    assert "4f4f" not in str(caught.value).lower()


@pytest.mark.parametrize("name", ["x" * 5000, "a\nb", "a\0b"])
def test_a_name_that_no_file_can_have_is_one_line(name: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no account NAME") as caught:
        account_path(name)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
