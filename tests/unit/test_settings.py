"""Settings compose, and what is wrong is told in one line with the valid choices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator import localnet
from orchestrator.errors import ChainError, ConfigurationError, FormatError, StorageError
from orchestrator.localnet.state import Chain, Network, StorageNode, write_state
from orchestrator.organisation import load_organisation
from orchestrator.settings import CONF, choices, compose

GROUPS = sorted(path.name for path in CONF.iterdir() if path.is_dir())


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in GROUPS for name in choices(group)])
def test_every_packaged_choice_composes(group: str, name: str) -> None:
    settings = compose([f"{group}={name}"])
    if group == "experiment":
        for part in ("model", "data", "training"):
            assert settings.group(part)
    else:
        assert settings.group(group)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("experiment=nope", ["no experiment 'nope'", *choices("experiment")]),
        ("chain=nope", ["no chain 'nope'", "local", "sepolia"]),
        ("chain.nope=1", ["'chain.nope'", "timeout", "deployments"]),
        ("chain.public.nope=1", ["'chain.public.nope'", "url", "chain_id"]),
        ("nope=1", ["'nope'", "chain", "storage"]),
        ("nope.deep=1", ["'nope.deep'"]),
        ("model.steps=1", ["'model.steps'", "choose model="]),
        ("nonsense", ["'nonsense' is no setting", "key=value"]),
        ("", ["is no setting"]),
        ("chain.timeout=1,2", ["several values"]),
        ("chain.public.chain_id=${nope}", []),
    ],
)
def test_a_mistake_is_one_line_with_the_choices(override: str, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compose([override])
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text


def test_the_mistake_among_several_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"'chain\.nope'"):
        compose(["chain.timeout=3", "chain.nope=1", "storage.timeout=2"])


@pytest.mark.parametrize("value", ["abc", "-1", "true", "1.5", "null"])
def test_a_chain_id_is_a_natural_number(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"chain\.public\.chain_id is"):
        compose([f"chain.public.chain_id={value}"]).chain_id("public")


def test_a_group_that_was_not_chosen_is_told() -> None:
    with pytest.raises(ConfigurationError, match="no model is chosen"):
        compose().group("model")
    with pytest.raises(ConfigurationError, match=r"chain\.public is 3"):
        compose(["chain.public=3"]).chain_url("public")


def organisation(home: Path, settings: dict[str, object]) -> Path:
    home.mkdir()
    document = {
        "format": "loranchor/organisation",
        "version": 1,
        "name": "aurora",
        "authority": "0x" + "aa" * 20,
        "delegate": "0x" + "dd" * 20,
        "settings": settings,
    }
    (home / "organisation.json").write_text(json.dumps(document))
    return home


def test_an_organisations_values_come_before_the_command_lines(tmp_path: Path) -> None:
    own = {"chain.public.url": "http://it's.example:1/a,b", "chain.timeout": 3, "storage.api_url": None}
    home = organisation(tmp_path / "home", own)
    settings = compose(["chain.timeout=4"], organisation_home=home)
    assert settings.chain_url("public") == "http://it's.example:1/a,b"
    assert settings.group("chain")["timeout"] == 4
    assert settings.organisation is not None
    assert settings.organisation.name == "aurora"


def test_no_organisation_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no organisation in"):
        compose(organisation_home=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "loranchor/organisation", "version": 2}',
        '{"format":"loranchor/organisation","version":1}',
    ],
)
def test_a_damaged_organisation_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "organisation.json").write_text(text)
    with pytest.raises(FormatError):
        load_organisation(tmp_path)


def test_addresses_come_from_the_local_network(tmp_path: Path) -> None:
    process = localnet.state.ProcessId(1, 0.0)
    chains = {
        "public": Chain("public", "anvil", 31337, 7001, process),
        "private": Chain("private", "ganache", 1337, 7002),
    }
    storage = {
        "aurora": StorageNode("aurora", "kubo", 7003, 7004, "", process),
        "borealis": StorageNode("borealis", "kubo", 1, 2),
    }
    write_state(tmp_path, Network(chains, storage))
    home = organisation(tmp_path / "home", {})
    settings = compose([f"chain.network={tmp_path}"], organisation_home=home)
    assert settings.chain_url("public") == "http://127.0.0.1:7001"
    assert settings.ipfs_api() == "http://127.0.0.1:7003"
    with pytest.raises(ChainError, match="the local private chain is stopped; start it with `loranchor network up`"):
        settings.chain_url("private")
    with pytest.raises(StorageError, match="IPFS node of borealis is stopped"):
        settings.ipfs_api("borealis")
    with pytest.raises(ConfigurationError, match="no IPFS node is set for cumulus") as caught:
        settings.ipfs_api("cumulus")
    up = "loranchor network up --organisations aurora,borealis,cumulus"
    assert caught.value.mend == f"run `{up}`, or set storage.api_url"
    with pytest.raises(ConfigurationError, match="no address is set for the public chain"):
        compose([f"chain.network={tmp_path}/none"]).chain_url("public")
