"""What the compiler knows of the contracts besides their code: NatSpec and syntax trees."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.chain.abi import signature_of
from tools.abi import CONTRACTS, standard_input
from tools.setup.paths import ROOT
from tools.setup.solc import link_solc


class PageError(Exception):
    """What is wrong, in one line."""


@dataclass(frozen=True)
class Docs:
    """NatSpec of one contract, inherited sentences included."""

    user: Mapping[str, Any]
    dev: Mapping[str, Any]

    def function(self, entry: Mapping[str, Any]) -> str:
        """The `@notice` of a function; empty for none."""
        return _flat(self.user.get("methods", {}).get(signature_of(entry), {}).get("notice", ""))

    def event(self, entry: Mapping[str, Any]) -> str:
        return _flat(self.user.get("events", {}).get(signature_of(entry), {}).get("notice", ""))

    def error(self, entry: Mapping[str, Any]) -> str:
        """The `@notice` of an error: what happened."""
        found = self.user.get("errors", {}).get(signature_of(entry), [])
        return _flat(found[0]["notice"]) if found else ""

    def mend(self, entry: Mapping[str, Any]) -> str:
        """The `@dev` of an error: what to do."""
        found = self.dev.get("errors", {}).get(signature_of(entry), [])
        return _flat(found[0]["details"]) if found else ""


@dataclass(frozen=True)
class Source:
    """All contracts: NatSpec by name, syntax trees by file."""

    docs: Mapping[str, Docs]
    trees: Mapping[str, Any]


@cache
def read_source() -> Source:
    """Ask the compiler, which takes some seconds; code is not generated.

    Raises:
        PageError: the sources do not compile.
    """
    question = standard_input()
    question["settings"]["outputSelection"] = {"*": {"*": ["userdoc", "devdoc"], "": ["ast"]}}
    command: list[str | Path] = [link_solc(), "--standard-json", "--allow-paths", "node_modules"]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        raise PageError(f"the compiler stopped: {done.stderr.strip()[:300]}; run `make setup`")
    output = json.loads(done.stdout)
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise PageError(f"the contracts do not compile: {errors[0].strip()}")
    found = {name: output["contracts"][source][name] for name, source in CONTRACTS.items()}
    docs = {name: Docs(one["userdoc"], one["devdoc"]) for name, one in found.items()}
    return Source(docs, {name: entry["ast"] for name, entry in output["sources"].items()})


def _flat(text: str) -> str:
    return " ".join(text.split())
