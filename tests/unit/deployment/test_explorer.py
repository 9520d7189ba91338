"""Publishing sources: what Etherscan is given, and what is made of its answers. The service itself is a fake here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from etherscan_fake import TOKEN, Fake, etherscan

from orchestrator.deployment.explorer import Etherscan
from orchestrator.deployment.publication import Publication, write_publication
from orchestrator.errors import ChainError, ConfigurationError

INPUT: dict[str, Any] = {"language": "Solidity", "sources": {"contracts/A.sol": {"content": "contract A { }"}}}
A = Publication(
    name="A",
    address="0x" + "11" * 20,
    identifier="contracts/A.sol:A",
    compiler="0.8.30+commit.73712a01",
    standard_input=INPUT,
    metadata='{"compiler":{"version":"0.8.30+commit.73712a01"}}',
    arguments="00" * 31 + "07",
    transaction="0x" + "22" * 32,
)


@pytest.fixture
def fake() -> Iterator[Fake]:
    with etherscan() as found:
        yield found


def explorer(fake: Fake, token: str = TOKEN, patience: float = 10.0) -> Etherscan:
    return Etherscan(fake.url, token, 11155111, pause=0.01, patience=patience, timeout=5.0)


def test_sources_are_handed_in_and_the_result_is_waited_for(fake: Fake) -> None:
    assert explorer(fake).publish(A) == "Pass - Verified"
    (form,) = fake.forms
    assert json.loads(form["sourceCode"]) == INPUT
    assert form["chainid"] == "11155111" and form["codeformat"] == "solidity-standard-json-input"
    assert form["contractname"] == "contracts/A.sol:A" and form["compilerversion"] == "v0.8.30+commit.73712a01"
    assert form["constructorArguements"] == form["constructorArguments"] == A.arguments
    assert form["contractaddress"] == A.address


@pytest.mark.parametrize("words", ["Contract source code already verified", "Already Verified"])
def test_what_was_published_before_is_fine(fake: Fake, words: str) -> None:
    fake.verdict = words
    assert explorer(fake).publish(A) == words


def test_a_busy_service_is_asked_again(fake: Fake) -> None:
    fake.waits = {"verifysourcecode": ["Max calls per sec rate limit reached (5/sec)"] * 2, "checkverifystatus": []}
    assert explorer(fake).publish(A) == "Pass - Verified"


def test_sources_that_do_not_make_the_code_are_told(fake: Fake) -> None:
    fake.verdict = "Fail - Unable to verify. Compiled contract deployment bytecode does NOT match"
    with pytest.raises(ChainError, match="Fail - Unable to verify"):
        explorer(fake).publish(A)


def test_a_service_that_is_not_done_in_time_is_told(fake: Fake) -> None:
    fake.waits["checkverifystatus"] = ["Pending in queue"] * 1000
    with pytest.raises(ChainError, match="the explorer is not done: Pending in queue; run this again later"):
        explorer(fake, patience=0.1).publish(A)


def test_a_wrong_token_is_told_and_never_shown(fake: Fake) -> None:
    with pytest.raises(ConfigurationError, match="the explorer refuses the token; check ETHERSCAN_TOKEN") as caught:
        explorer(fake, token="SECRET").publish(A)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "text", "says"),
    [
        (502, "", "answers with HTTP 502"),
        (200, "<html>", "does not answer"),
        (200, "[1]", "does not answer as one"),
    ],
)
def test_a_service_that_is_ill_is_told(fake: Fake, status: int, text: str, says: str) -> None:
    fake.status, fake.text = status, text
    with pytest.raises(ChainError, match=says):
        explorer(fake).publish(A)


def test_a_service_that_is_away_is_told_without_the_token() -> None:
    with pytest.raises(ChainError) as caught:
        Etherscan("http://127.0.0.1:1/v2/api", "SECRET", 1).publish(A)
    assert "does not answer" in str(caught.value) and "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_folder_of_a_contract_has_all_that_services_take(tmp_path: Path) -> None:
    folder = write_publication(tmp_path, A)
    assert folder == tmp_path / "A"
    assert json.loads((folder / "standard-input.json").read_text()) == INPUT
    assert (folder / "metadata.json").read_text() == A.metadata
    assert (folder / "constructor-arguments.txt").read_text() == A.arguments
    assert json.loads((folder / "sourcify.json").read_text()) == {
        "stdJsonInput": INPUT,
        "compilerVersion": "0.8.30+commit.73712a01",
        "contractIdentifier": "contracts/A.sol:A",
        "creationTransactionHash": A.transaction,
    }
