"""What the compiler makes of a contract, as far as deploying and verifying need it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

OUTPUTS = ("evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences", "metadata")
OUTPUT_SELECTION = {"*": {"*": list(OUTPUTS), "": ["ast"]}}


@dataclass(frozen=True)
class Compiled:
    """One contract.

    Attributes:
        source: path of its file. creation, runtime: code in hexadecimal, without 0x; immutables are zero in it.
        immutables: places in the runtime code by `Contract.variable`, the contract being the one that declares it.
        metadata: the JSON text whose hash the code ends with.
    """

    name: str
    source: str
    creation: str
    runtime: str
    immutables: Mapping[str, tuple[tuple[int, int], ...]]
    metadata: str


def read_output(output: Mapping[str, Any], wanted: Mapping[str, str]) -> dict[str, Compiled]:
    """The contracts ``wanted`` (source file by name) from a standard-JSON answer with ``OUTPUT_SELECTION``."""
    names = {id_: name for source in output["sources"].values() for id_, name in immutable_names(source["ast"])}
    return {name: _compiled(name, source, output["contracts"][source][name], names) for name, source in wanted.items()}


def immutable_names(ast: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Id and `Contract.variable` of each immutable that a source file declares."""
    for contract in ast["nodes"]:
        if contract["nodeType"] == "ContractDefinition":
            for node in contract["nodes"]:
                if node["nodeType"] == "VariableDeclaration" and node["mutability"] == "immutable":
                    yield str(node["id"]), f"{contract['name']}.{node['name']}"


def _compiled(name: str, source: str, answer: Mapping[str, Any], names: Mapping[str, str]) -> Compiled:
    runtime = answer["evm"]["deployedBytecode"]
    places = {
        names[id_]: tuple((int(place["start"]), int(place["length"])) for place in found)
        for id_, found in runtime.get("immutableReferences", {}).items()
    }
    return Compiled(name, source, answer["evm"]["bytecode"]["object"], runtime["object"], places, answer["metadata"])
