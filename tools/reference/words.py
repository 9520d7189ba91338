"""Sentences: those of NatSpec, those that it lacks (words.toml), and those on OpenZeppelin's errors (errors/)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.chain.abi import PRIVATE, PUBLIC, artifact
from tools.reference.source import Docs, PageError

FOLDER = Path(__file__).parent
CONTRACTS = tuple(dict.fromkeys(PUBLIC + PRIVATE))
OURS = (*CONTRACTS, "Callers", "Signatures")
"""What the names of our errors begin with."""
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class ErrorWords:
    """What an error means and what to do (empty where NatSpec says it), and unusual values of its example."""

    means: str = ""
    mend: str = ""
    sample: Mapping[str, Any] = field(default_factory=dict)


@cache
def words() -> Mapping[str, Any]:
    return _read("words.toml")


@cache
def error_words() -> Mapping[str, ErrorWords]:
    """What the folder says of errors; one of ours may be missing."""
    samples = {name: ErrorWords(sample=one) for name, one in _read("errors/samples.toml").items()}
    return samples | {name: ErrorWords(**one) for name, one in _read("errors/openzeppelin.toml").items()}


def words_of(error: str) -> ErrorWords:
    return error_words().get(error, ErrorWords())


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text("utf-8"))


def functions(contract: str, *, changing: bool) -> list[Entry]:
    """State-changing functions, or views, in the order of the ABI."""
    entries = artifact(contract).functions.values()
    return [entry for entry in entries if (entry["stateMutability"] in ("view", "pure")) != changing]


def events(contract: str) -> list[Entry]:
    """Events that the contract leaves; one that only a base declares is not among them."""
    return [entry for entry in artifact(contract).events.values() if entry["name"] not in words()["never"]]


def errors(contract: str) -> list[Entry]:
    """Errors of the contract's own; those of libraries and of contracts that it calls are listed apart."""
    found = artifact(contract).errors.values()
    own = ("ERC20", "ERC2612", "InvalidAccountNonce") if contract == "ContributionToken" else ()
    return [entry for entry in found if entry["name"].startswith((contract, *own))]


def shared_errors() -> list[Entry]:
    """Errors of libraries, each once."""
    named = {entry["name"] for contract in CONTRACTS for entry in errors(contract)}
    found = {entry["name"]: entry for contract in CONTRACTS for entry in artifact(contract).errors.values()}
    return [entry for name, entry in sorted(found.items()) if name not in named]


def sentence(kind: str, contract: str, entry: Entry, docs: Mapping[str, Docs]) -> str:
    """NatSpec of an event or a function, or else ours."""
    natspec = docs[contract].event(entry) if kind == "events" else docs[contract].function(entry)
    return natspec or str(words()[kind][contract][entry["name"]])


def check(docs: Mapping[str, Docs]) -> None:
    """Every event, error and function has a sentence, and none of ours is superfluous.

    Raises:
        PageError: names the first that has not, or is.
    """
    for complaint in (*_lacking("events", docs), *_lacking("functions", docs), *_errors(docs), *_callers()):
        raise PageError(complaint)


def _lacking(kind: str, docs: Mapping[str, Docs]) -> Iterator[str]:
    ours = words()[kind]
    for contract in CONTRACTS:
        entries = events(contract) if kind == "events" else list(artifact(contract).functions.values())
        given = ours.get(contract, {})
        for entry in entries:
            natspec = docs[contract].event(entry) if kind == "events" else docs[contract].function(entry)
            if not natspec and entry["name"] not in given:
                yield f"{contract}.{entry['name']} has no NatSpec and no sentence in words.toml"
            if natspec and entry["name"] in given:
                yield f"{contract}.{entry['name']} has NatSpec now: take its sentence out of words.toml"
        for name in given.keys() - {entry["name"] for entry in entries}:
            yield f"words.toml has a sentence on {contract}.{name}, which does not exist"


def meaning(entry: Entry, docs: Mapping[str, Docs]) -> str:
    """What an error means: our sentence on OpenZeppelin's, the `@notice` of ours."""
    return words_of(entry["name"]).means or next(filter(None, (docs[one].error(entry) for one in CONTRACTS)), "")


def mend(entry: Entry, docs: Mapping[str, Docs]) -> str:
    """What to do about it: likewise, by `@dev`."""
    return words_of(entry["name"]).mend or next(filter(None, (docs[one].mend(entry) for one in CONTRACTS)), "")


def _errors(docs: Mapping[str, Docs]) -> Iterator[str]:
    named = {entry["name"]: entry for contract in CONTRACTS for entry in artifact(contract).errors.values()}
    for name, entry in sorted(named.items()):
        told, ours = bool(words_of(name).means), name.startswith(OURS)
        if told == ours:
            yield f"{name} has NatSpec: take it out of openzeppelin.toml" if told else f"openzeppelin.toml lacks {name}"
        if not meaning(entry, docs):
            yield f"{name} has no `@notice` to say what happened"
        if not mend(entry, docs):
            yield f"{name} has no `@dev` to say what to do"
    for name in sorted(error_words().keys() - named.keys()):
        yield f"errors/ has {name}, which no contract raises"


def _callers() -> Iterator[str]:
    for contract in CONTRACTS:
        names = {entry["name"] for entry in functions(contract, changing=True)}
        for name in sorted(names ^ words()["by"][contract].keys()):
            yield f"words.toml says who calls functions that are not those of {contract}: {name}"
