"""The reference of the contracts: everything is in it, selectors and topics are right, examples decode."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.abi import event_abi_to_log_topic, function_abi_to_4byte_selector

from benchmarks.gas.figures import logs
from benchmarks.harness import read_result
from orchestrator.chain.abi import artifact
from orchestrator.chain.codec import encode_values
from orchestrator.chain.reverts import decode_revert
from orchestrator.deployment.plan import MADE_BY, ORDER
from tools.reference import words
from tools.reference.__main__ import DATA, PAGE, build, main
from tools.reference.page import example_values, page
from tools.reference.reach import Reach
from tools.reference.source import Docs, PageError, Source, read_source
from tools.setup.paths import ROOT

ABIS = ROOT / "orchestrator" / "chain" / "abi"
ENTRIES = [(name, entry) for name in words.CONTRACTS for entry in artifact(name).document["abi"]]
ERRORS = {entry["name"]: entry for _, entry in ENTRIES if entry["type"] == "error"}
EVENTS = {entry["name"]: entry for _, entry in ENTRIES if entry["type"] == "event"}


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source()


@pytest.fixture(scope="module")
def kept() -> dict[str, dict[str, Any]]:
    return logs(read_result(DATA))


def section(title: str) -> str:
    """What stands below a heading, up to the next one."""
    found = re.search(rf"^### {title}$(.*?)(?=^##)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{title} has no entry: run `python -m tools.reference`"
    return found[1]


@pytest.mark.usefixtures("source")
def test_the_page_is_what_the_contracts_say() -> None:
    assert PAGE.read_text("utf-8") == build(), "run `python -m tools.reference`"
    assert main(["--check"]) == 0


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_every_error_has_its_selector_and_an_example(name: str) -> None:
    entry, text = ERRORS[name], section(f"Error {name}")
    assert f"selector `0x{function_abi_to_4byte_selector(dict(entry, type='function')).hex()}`" in text
    assert f"Fail with custom error '{name} (" in text and "**What to do**: " in text
    shown = re.search(rf"custom error '{name} \((.*)\)'", text)
    assert shown is not None and all(f"{part['name']}: " in shown[1] for part in entry["inputs"])


def test_every_contract_that_is_deployed_has_a_chapter() -> None:
    deployed = {name for side in ORDER.values() for name in side} | MADE_BY.keys()
    assert set(words.CONTRACTS) == deployed == {path.stem for path in ABIS.glob("*.json")}
    assert set(re.findall(r"^## (\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)) == deployed


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_has_its_topic_and_a_log(name: str, kept: Mapping[str, Any]) -> None:
    """Also what only OpenZeppelin declares: it is in the ABI that an explorer shows."""
    entry, text = EVENTS[name], section(f"Event {name}")
    topic = "0x" + event_abi_to_log_topic(entry).hex()
    assert f"topic 0: `{topic}`" in text and "Topics   0  0x" in text
    assert f"| `{topic}` | [{name}](#event-{name.lower()}) |" in PAGE.read_text("utf-8")
    assert all(part["name"] in text for part in entry["inputs"])
    real = [log for log in kept.values() if log["topics"][0] == topic]
    assert ("left by `" in text) == bool(real) == (name not in words.words()["never"])
    holders = [contract for contract, one in ENTRIES if (one["type"], one.get("name")) == ("event", name)]
    assert all(f"`{contract}`" in text for contract in holders)


def test_what_never_occurs_is_named_and_is_left_by_nothing(source: Source) -> None:
    reach = Reach(source.trees)
    reached = {name for one in words.CONTRACTS for names in reach.of(one).values() for name in names}
    assert not words.words()["never"].keys() & reached
    assert EVENTS.keys() - words.words()["never"].keys() <= reached
    assert ERRORS.keys() - reached == {"InvalidAccountNonce"}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_examples_are_what_a_revert_would_carry(name: str) -> None:
    entry = ERRORS[name]
    own = words.words_of(name).sample
    assert own.keys() <= {part["name"] for part in entry["inputs"]}, "a sample of an argument that there is not"
    values = example_values(entry, own)
    data = function_abi_to_4byte_selector(dict(entry, type="function"))
    if name != "ConsortiumInvalidOrganisation":  # whose example is no organisation's name, as it must be
        data += encode_values(entry["inputs"], values, name)
        assert decode_revert(data).error == name and len(decode_revert(data).values) == len(entry["inputs"])


def test_calls_are_followed_through_bases_libraries_and_other_contracts(source: Source) -> None:
    reach = Reach(source.trees)
    rounds, revocations, awards = (reach.of(one) for one in ("RoundLedger", "RevocationLedger", "AwardDistributor"))
    assert {"RoundOpened", "PrekeyAssigned", "CallersNotAnAccount", "ConsortiumNotADelegate"} <= rounds["openRound"]
    assert {"RoundFailed", "RevocationApproved"} <= revocations["request"]
    assert {"CheckpointDue", "ECDSAInvalidSignature"} <= revocations["endorse"]
    assert {"AwardClaimed", "Transfer"} <= awards["claim"] and "AwardVoided" not in awards["claim"]
    assert "StringTooLong" in awards["constructor"] and "PayoutCapChanged" in awards["constructor"]


def test_whoever_left_an_event_on_a_chain_reaches_it_in_the_sources(source: Source, kept: Mapping[str, Any]) -> None:
    reach = Reach(source.trees)
    for name, log in kept.items():
        contract, function = log["by"].split(".")
        if contract in words.CONTRACTS:
            assert name.split(".")[1] in reach.of(contract)[function], f"{name} by {log['by']}"


def without(docs: Mapping[str, Docs], contract: str, kind: str) -> dict[str, Docs]:
    found = docs[contract]
    return {**docs, contract: Docs({**found.user, kind: {}}, {**found.dev, kind: {}})}


@pytest.mark.parametrize("kind", ["events", "methods"])
def test_natspec_that_is_gone_is_missed(source: Source, kind: str) -> None:
    with pytest.raises(PageError, match=r"Consortium\.\w+ has no NatSpec and no sentence"):
        words.check(without(source.docs, "Consortium", kind))


@pytest.mark.parametrize(("part", "tag"), [("user", "@notice"), ("dev", "@dev")])
def test_an_error_without_natspec_is_told(source: Source, part: str, tag: str) -> None:
    docs = source.docs["RoundLedger"]
    kept = dict(getattr(docs, part)["errors"])
    del kept["RoundLedgerPaused()"]
    mute = replace(docs, **{part: {**getattr(docs, part), "errors": kept}})
    with pytest.raises(PageError, match=f"RoundLedgerPaused has no `{tag}`"):
        words.check({**source.docs, "RoundLedger": mute})


def test_sentences_that_natspec_has_made_superfluous_are_told(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = source.docs["ContributionToken"]
    events = {**docs.user.get("events", {}), "Approval(address,address,uint256)": {"notice": "Allowed."}}
    with pytest.raises(PageError, match="Approval has NatSpec now"):
        words.check({**source.docs, "ContributionToken": replace(docs, user={**docs.user, "events": events})})
    both = {**words.error_words(), "RoundLedgerPaused": words.ErrorWords("Paused.", "Wait.")}
    monkeypatch.setattr(words, "error_words", lambda: both)
    with pytest.raises(PageError, match="RoundLedgerPaused has NatSpec: take it out"):
        words.check(source.docs)


def test_an_error_without_words_and_words_without_an_error_are_told(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = dict(words.error_words())
    monkeypatch.setattr(words, "error_words", lambda: {name: kept[name] for name in kept if name != "StringTooLong"})
    with pytest.raises(PageError, match="lacks StringTooLong"):
        words.check(source.docs)
    monkeypatch.setattr(words, "error_words", lambda: {**kept, "Gone": replace(kept["StringTooLong"])})
    with pytest.raises(PageError, match="has Gone, which no contract raises"):
        words.check(source.docs)


def test_an_event_without_a_real_log_is_told(source: Source, kept: Mapping[str, Any]) -> None:
    gone = {name: log for name, log in kept.items() if name != "RoundLedger.RoundPassed"}
    with pytest.raises(PageError, match=r"no real log of RoundLedger\.RoundPassed"):
        page(source, gone)
    other = {**kept, "RoundLedger.RoundPassed": kept["RoundLedger.RoundClosed"]}
    with pytest.raises(PageError, match=r"no real log of RoundLedger\.RoundPassed"):
        page(source, other)


def test_who_only_checks_is_told_of_a_stale_page(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "page.md"
    monkeypatch.setattr("tools.reference.__main__.PAGE", stale)
    assert main(["--check"]) == 1 and "run `python -m tools.reference`" in capsys.readouterr().err
    assert main([]) == 0 and main(["--check"]) == 0
    assert stale.read_text("utf-8") == PAGE.read_text("utf-8")
