"""Networks outside this machine: genesis, consortium file, settings."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from unit.deploy.words import check_words

from orchestrator.deployment.consortium import read_description
from orchestrator.settings import compose
from tools.setup.paths import ROOT

NETWORKS = ROOT / "deploy" / "networks"
# the example of Besu's documentation of QBFT
VALIDATORS = [
    "0x64a702e6263b7297a96638cac6ae65e6541f4169",
    "0x3923390ad55e90c237593b3b0e401f3b08a03185",
    "0xaefdb9a738c9f433e5b6b212a6d62f6370c2f692",
    "0xc7eeb9a4e00ce683cf93039b212648e01c6c6b78",
]
EXTRA_DATA = (
    "0xf87aa00000000000000000000000000000000000000000000000000000000000000000f8549464a702e6263b7297a96638cac6ae65e6541f41"
    "69943923390ad55e90c237593b3b0e401f3b08a0318594aefdb9a738c9f433e5b6b212a6d62f6370c2f69294c7eeb9a4e00ce683cf93039b2126"
    "48e01c6c6b78c080c0"
)


@pytest.fixture(scope="module")
def genesis() -> Any:
    spec = importlib.util.spec_from_file_location("besu_genesis", NETWORKS / "besu" / "genesis.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_extra_data_are_those_of_besus_documentation(genesis: Any) -> None:
    assert genesis.extra_data(VALIDATORS) == EXTRA_DATA


@pytest.mark.parametrize("count", [4, 7, 25])
def test_the_extra_data_are_rlp(genesis: Any, count: int) -> None:
    import rlp  # type: ignore[import-untyped]

    addresses = [f"0x{number:040x}" for number in range(1, count + 1)]
    vanity, validators, votes, turn, seals = rlp.decode(bytes.fromhex(genesis.extra_data(addresses)[2:]))
    assert vanity == bytes(32) and (votes, turn, seals) == ([], b"", [])
    assert ["0x" + item.hex() for item in validators] == addresses


def test_all_members_make_the_same_genesis(genesis: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    assert genesis.main(["--out", str(first), *VALIDATORS]) == 0
    assert genesis.main(["--out", str(second), *[item.upper().replace("X", "x") for item in reversed(VALIDATORS)]]) == 0
    assert first.read_bytes() == second.read_bytes()
    document = json.loads(first.read_text())
    assert document["config"]["qbft"]["blockperiodseconds"] == 2 and document["extraData"].startswith("0xf87aa0")


@pytest.mark.parametrize(
    ("words", "said"), [(VALIDATORS[:3], "at least|fewer than 4"), ([*VALIDATORS, "0x12"], "0x12 is no address")]
)
def test_what_cannot_be_a_network_is_refused(
    genesis: Any, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        genesis.main(["--out", str(tmp_path / "genesis.json"), *words])
    assert ended.value.code == 2 and re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "genesis.json").exists()


def test_sepolias_consortium_file_names_what_stays_for_ever() -> None:
    description = read_description(NETWORKS / "sepolia" / "consortium.json")
    assert (description.public_chain_id, description.private_chain_id) == (11155111, 2018)
    assert not description.left_out


def test_the_chain_settings_are_those_of_the_files() -> None:
    description = read_description(NETWORKS / "sepolia" / "consortium.json")
    qbft = json.loads((NETWORKS / "besu" / "qbft.json").read_text())
    for name in ("sepolia", "besu"):
        chain = compose([f"chain={name}"]).group("chain")
        assert chain["public"]["chain_id"] == description.public_chain_id
        assert chain["private"]["chain_id"] == description.private_chain_id == qbft["genesis"]["config"]["chainId"]
        assert chain["public"]["finality_depth"] > 0 and chain["network"] is None


def test_the_environment_file_is_of_settings_that_there_are() -> None:
    text = (NETWORKS / "sepolia" / "environment").read_text("utf-8")
    (found,) = re.findall(r'^LORANCHOR_OVERRIDES="(.+)"$', text, re.MULTILINE)
    check_words(["daemon", "run", "--home", "x", *shlex.split(found)])
