"""Creation code of our contracts and of the naive one, by the pinned compiler with the settings of brownie-config."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.chain.abi import Artifact, artifact, parse_artifact
from orchestrator.errors import EnvironmentMissing
from orchestrator.files import write_json
from tools.abi import CONTRACTS, standard_input
from tools.setup.paths import ROOT, digest_of
from tools.setup.solc import VERSION, link_solc

NAIVE = "benchmarks/gas/Naive.sol"
KEPT = ROOT / "runs" / "bench" / "compiled"


@dataclass(frozen=True)
class Compiled:
    """One contract. ``source`` is its path in the checkout."""

    source: str
    artifact: Artifact
    creation: bytes


@cache
def compiled() -> Mapping[str, Compiled]:
    """All contracts by name. The compiler's answer is kept by what it was asked: the wasm build takes its time.

    Raises:
        EnvironmentMissing: no compiler, sources that do not compile, or committed ABIs that are not theirs.
    """
    question = json.dumps(_question(), sort_keys=True)
    kept = KEPT / f"{digest_of(VERSION, question)}.json"
    answer = json.loads(kept.read_text()) if kept.is_file() else _compile(question, kept)
    sources = {**CONTRACTS, "Naive": NAIVE}
    return {name: _contract(name, source, answer[source][name]) for name, source in sources.items()}


def _question() -> dict[str, Any]:
    question = standard_input()
    question["sources"][NAIVE] = {"content": (ROOT / NAIVE).read_text()}
    wanted = {**CONTRACTS, "Naive": NAIVE}
    question["settings"]["outputSelection"] = {
        source: {name: ["abi", "evm.bytecode.object"]} for name, source in wanted.items()
    }
    return question


def _compile(question: str, kept: Path) -> dict[str, Any]:
    done = subprocess.run(
        [link_solc(), "--standard-json", "--allow-paths", "node_modules"],
        input=question,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise EnvironmentMissing(f"the compiler stopped: {done.stderr.strip()[:300]}", mend="run `make setup`")
    output = json.loads(done.stdout)
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise EnvironmentMissing(f"the contracts do not compile: {errors[0].strip()}")
    contracts: dict[str, Any] = output["contracts"]
    write_json(kept, contracts)
    return contracts


def _contract(name: str, source: str, output: dict[str, Any]) -> Compiled:
    if name != "Naive" and artifact(name).document["abi"] != output["abi"]:
        raise EnvironmentMissing(
            f"the committed ABI of {name} is not that of its source", mend="run `python -m tools.abi`"
        )
    document = {"contract": name, "abi": output["abi"]}
    return Compiled(source, parse_artifact(name, document), bytes.fromhex(output["evm"]["bytecode"]["object"]))
