"""The committed ABIs (tools/abi.py makes them into ``orchestrator/chain/abi``), looked up by name and by selector."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from eth_utils.crypto import keccak

from orchestrator.errors import EnvironmentMissing
from orchestrator.types import Digest

PUBLIC = ("Consortium", "CheckpointAnchor", "AwardDistributor", "ContributionToken", "DisclosureRegistry")
PRIVATE = ("Consortium", "CheckpointSchedule", "KeyDirectory", "RoundLedger", "RevocationLedger", "ArtefactRegistry")


def type_of(component: Mapping[str, Any]) -> str:
    """The canonical ABI type: ``tuple[]`` becomes ``(bytes32,bool)[]``."""
    type_ = str(component["type"])
    if not type_.startswith("tuple"):
        return type_
    return f"({','.join(type_of(part) for part in component['components'])}){type_[5:]}"


def signature_of(entry: Mapping[str, Any]) -> str:
    """``transfer(address,uint256)``: what is hashed into a selector or a topic."""
    return f"{entry['name']}({','.join(type_of(part) for part in entry['inputs'])})"


@dataclass(frozen=True)
class Artifact:
    """One contract's ABI and code hash. ``document`` is the whole file."""

    name: str
    document: Mapping[str, Any]
    functions: Mapping[str, Mapping[str, Any]]
    events: Mapping[Digest, Mapping[str, Any]]
    errors: Mapping[bytes, Mapping[str, Any]]

    @property
    def code_hash(self) -> Digest:
        return Digest(self.document["code_hash"])

    def topic(self, event: str) -> Digest:
        """The topic of an event by its name."""
        return next(topic for topic, entry in self.events.items() if entry["name"] == event)


def parse_artifact(name: str, document: Mapping[str, Any]) -> Artifact:
    """Index an ABI. An overloaded function is known by its full signature."""
    functions: dict[str, Mapping[str, Any]] = {}
    events: dict[Digest, Mapping[str, Any]] = {}
    errors: dict[bytes, Mapping[str, Any]] = {}
    for entry in document["abi"]:
        if entry["type"] == "function":
            functions[entry["name"] if entry["name"] not in functions else signature_of(entry)] = entry
        elif entry["type"] == "event":
            events[Digest("0x" + keccak(text=signature_of(entry)).hex())] = entry
        elif entry["type"] == "error":
            errors[keccak(text=signature_of(entry))[:4]] = entry
    return Artifact(name, document, functions, events, errors)


@cache
def artifact(name: str) -> Artifact:
    """The artifact of a contract by its name."""
    path = files("orchestrator.chain") / "abi" / f"{name}.json"
    if not path.is_file():
        raise EnvironmentMissing(
            f"the ABI of contract {name} is not in this installation",
            mend="in a checkout run tools/abi.py; else install loranchor again",
        )
    return parse_artifact(name, json.loads(path.read_text("utf-8")))


@cache
def all_errors() -> Mapping[bytes, Mapping[str, Any]]:
    """Custom errors of all contracts by selector: a revert may come from a contract that was called in between."""
    folder = files("orchestrator.chain") / "abi"
    present = [name for name in dict.fromkeys(PUBLIC + PRIVATE) if (folder / f"{name}.json").is_file()]
    return {selector: entry for name in present for selector, entry in artifact(name).errors.items()}
