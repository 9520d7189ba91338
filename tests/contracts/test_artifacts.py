"""The committed ABIs and code hashes are those of the sources, and all contracts fit on a chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from brownie import project
from eth_utils import keccak

FOLDER = Path(__file__).resolve().parents[2] / "orchestrator" / "chain" / "abi"
PAGE = (FOLDER.parents[2] / "docs" / "contracts-reference.md").read_text("utf-8")
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
LIMIT = 24_576


def without_label(entry):
    """Brownie calls a constructor `constructor`; the compiler does not."""
    return {key: value for key, value in entry.items() if (entry["type"], key) != ("constructor", "name")}


@pytest.mark.parametrize("name", NAMES)
def test_committed_abi_and_code_hash_are_what_brownie_compiles(name):
    built = project.get_loaded_projects()[0]._build.get(name)
    committed = json.loads((FOLDER / f"{name}.json").read_text())
    code = bytes.fromhex(built["deployedBytecode"])
    mend = "run `python -m tools.abi`"
    assert committed["abi"] == [without_label(entry) for entry in built["abi"]], mend
    assert committed["code_hash"] == "0x" + keccak(code).hex(), mend
    assert len(code) <= LIMIT
    for place in committed["immutables"]:
        assert code[place["start"] : place["start"] + place["length"]] == bytes(place["length"])


def test_all_ten_contracts_are_there():
    assert len(NAMES) == 10


@pytest.mark.parametrize("name", NAMES)
def test_the_page_on_contracts_has_everything(name):
    """Every entry point, event and error, inherited ones too; tests/unit/tools looks at what it says of them."""
    entries = json.loads((FOLDER / f"{name}.json").read_text())["abi"]
    named = {"event": "### Event {}\n", "error": "### Error {}\n", "function": "| `{}("}
    names = [entry["name"] for entry in entries if "name" in entry]
    kinds = {entry["name"]: named[entry["type"]] for entry in entries if entry["type"] in named}
    assert [word for word in names if kinds[word].format(word) not in PAGE] == []
