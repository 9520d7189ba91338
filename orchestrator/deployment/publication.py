"""What a verification service needs of a contract: standard JSON, metadata and constructor arguments, as files.

Sourcify, Etherscan and Blockscout all take standard JSON. The one written here is made from the compiler's own
metadata, so it holds the contract's sources and no others, and compiles to the same code, the metadata hash included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from orchestrator import deployment as d
from orchestrator.deployment.arguments import encode_arguments
from orchestrator.deployment.compiled import Compiled
from orchestrator.deployment.plan import MADE_BY
from orchestrator.errors import EnvironmentMissing
from orchestrator.files import write_atomic

OUTPUTS = ["abi", "evm.bytecode", "evm.deployedBytecode", "metadata"]
SOURCIFY = "https://sourcify.dev/server/v2/verify"


@dataclass(frozen=True)
class Publication:
    """One contract for a verification service.

    Attributes:
        identifier: `path:Contract`. compiler: such as `0.8.30+commit.73712a01`.
        arguments: the encoded constructor arguments in hexadecimal, without 0x.
        transaction: that made it; empty for a contract that another one made.
    """

    name: str
    address: str
    identifier: str
    compiler: str
    standard_input: Mapping[str, Any]
    metadata: str
    arguments: str
    transaction: str


def publication(name: str, entry: d.ContractRecord, compiled: Compiled, root: Path) -> Publication:
    """Args:
        root: of the checkout, where the sources are.

    Raises:
        EnvironmentMissing: a source has changed since it was compiled.
    """
    metadata = json.loads(compiled.metadata)
    return Publication(
        name=name,
        address=entry.address,
        identifier=f"{compiled.source}:{name}",
        compiler=metadata["compiler"]["version"],
        standard_input=standard_input(metadata, root),
        metadata=compiled.metadata,
        arguments=encode_arguments(name, entry.constructor_arguments).hex(),
        transaction="" if name in MADE_BY else entry.transaction,
    )


def standard_input(metadata: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """The question whose answer has this metadata."""
    settings = {key: value for key, value in metadata["settings"].items() if key != "compilationTarget"}
    sources = {path: _source(root / path, entry["keccak256"]) for path, entry in metadata["sources"].items()}
    return {
        "language": metadata["language"],
        "sources": sources,
        "settings": {**settings, "outputSelection": {"*": {"*": OUTPUTS}}},
    }


def write_publication(folder: Path, found: Publication) -> Path:
    """Writes `<Contract>/` with `standard-input.json`, `metadata.json`, `constructor-arguments.txt` and
    `sourcify.json`, which is a whole request to Sourcify's API."""
    target = folder / found.name
    request = {
        "stdJsonInput": found.standard_input,
        "compilerVersion": found.compiler,
        "contractIdentifier": found.identifier,
        **({"creationTransactionHash": found.transaction} if found.transaction else {}),
    }
    texts = {
        "standard-input.json": json.dumps(found.standard_input, indent=1),
        "metadata.json": found.metadata,  # as it is: its hash is in the code
        "constructor-arguments.txt": found.arguments,
        "sourcify.json": json.dumps(request, indent=1),
    }
    for name, text in texts.items():
        write_atomic(target / name, text.encode())
    return target


def _source(path: Path, keccak256: str) -> dict[str, str]:
    data = path.read_bytes() if path.is_file() else b""
    if "0x" + keccak(data).hex() != keccak256:
        raise EnvironmentMissing(f"the source {path.name} has changed since it was compiled", mend="run this again")
    return {"content": data.decode()}
