"""Writes orchestrator/chain/abi/<Contract>.json from the sources; `--check` only compares.

    python -m tools.abi [--check]

Each file holds `contract`, `abi`, `code_hash` and `immutables`. The compiler writes immutables (addresses, the EIP-712
domain) into the runtime code when a contract is deployed; so `code_hash` is the keccak of the runtime code **with the
bytes of every immutable set to zero**, which is what the compiler puts out, and `immutables` lists where they lie
([{start, length}], ascending). To check a chain: take the code at the address, zero those places, hash. The metadata
that the compiler appends (the IPFS hash of sources and settings) is part of it: a changed comment changes the hash.

The compiler is called as Brownie calls it, since Brownie's own artifacts leave the places of immutables out.
tests/contracts/test_artifacts.py holds the two against each other.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from eth_utils.crypto import keccak

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tools.setup.paths import ROOT, write_atomic
from tools.setup.solc import link_solc

FOLDER = ROOT / "orchestrator" / "chain" / "abi"
CONTRACTS = {
    "Consortium": "contracts/Consortium.sol",
    "CheckpointAnchor": "contracts/public/CheckpointAnchor.sol",
    "ContributionToken": "contracts/public/ContributionToken.sol",
    "AwardDistributor": "contracts/public/AwardDistributor.sol",
    "DisclosureRegistry": "contracts/public/DisclosureRegistry.sol",
    "CheckpointSchedule": "contracts/private/CheckpointSchedule.sol",
    "KeyDirectory": "contracts/private/KeyDirectory.sol",
    "RoundLedger": "contracts/private/RoundLedger.sol",
    "RevocationLedger": "contracts/private/RevocationLedger.sol",
    "ArtefactRegistry": "contracts/private/ArtefactRegistry.sol",
}


class AbiError(Exception):
    """What is wrong, in one line."""


def standard_input() -> dict[str, Any]:
    """Sources and the settings of brownie-config.yaml, as Brownie puts them: the metadata hash covers both."""
    compiler = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
    sources = sorted((ROOT / "contracts").rglob("*.sol"))
    return {
        "language": "Solidity",
        "sources": {path.relative_to(ROOT).as_posix(): {"content": path.read_text()} for path in sources},
        "settings": {
            "evmVersion": compiler["evm_version"],
            "optimizer": compiler["solc"]["optimizer"],
            "remappings": compiler["solc"]["remappings"],
            "outputSelection": {"*": {"*": ["abi", "evm.deployedBytecode"]}},
        },
    }


def compile_contracts() -> dict[str, Any]:
    """The compiler's answer by source file.

    Raises:
        AbiError: the sources do not compile.
    """
    done = subprocess.run(
        [link_solc(), "--standard-json", "--allow-paths", "node_modules"],
        input=json.dumps(standard_input()),
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise AbiError(f"the compiler stopped: {done.stderr.strip()[:300]}; run `make setup`")
    output: dict[str, Any] = json.loads(done.stdout)
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise AbiError(f"the contracts do not compile: {errors[0].strip()}")
    contracts: dict[str, Any] = output["contracts"]
    return contracts


def document(name: str, compiled: dict[str, Any]) -> dict[str, Any]:
    """What is committed of one contract."""
    code = compiled["evm"]["deployedBytecode"]
    places = [place for group in code.get("immutableReferences", {}).values() for place in group]
    return {
        "contract": name,
        "abi": compiled["abi"],
        "code_hash": "0x" + keccak(bytes.fromhex(code["object"])).hex(),
        "immutables": sorted(places, key=lambda place: int(place["start"])),
    }


def documents() -> dict[Path, str]:
    """All files that belong into the folder, with their text."""
    compiled = compile_contracts()
    return {
        FOLDER / f"{name}.json": json.dumps(document(name, compiled[source][name]), indent=1) + "\n"
        for name, source in CONTRACTS.items()
    }


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: python -m tools.abi [--check]", file=sys.stderr)
        return 2
    try:
        wanted = documents()
    except AbiError as error:
        print(f"abi: {error}", file=sys.stderr)
        return 1
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text() != text]
    stale += [path for path in FOLDER.glob("*.json") if path not in wanted]
    if arguments and stale:
        names = ", ".join(sorted(path.name for path in stale))
        print(f"abi: not what the contracts compile to: {names}; run `python -m tools.abi`", file=sys.stderr)
        return 1
    for path in stale:
        if path in wanted:
            write_atomic(path, wanted[path])
        else:
            path.unlink()
    print(f"abi: {len(wanted)} contracts, {len(stale)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
