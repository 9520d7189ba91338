"""Constructor arguments between the JSON of a deployment file and the bytes of a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi.abi import encode

from orchestrator.chain.abi import artifact, type_of


def inputs_of(name: str) -> Sequence[Mapping[str, Any]]:
    """The parameters of a contract's constructor."""
    found = (entry for entry in artifact(name).document["abi"] if entry["type"] == "constructor")
    constructor: Mapping[str, Any] = next(found, {"inputs": []})
    return list(constructor["inputs"])


def labels_of(name: str) -> list[str]:
    """Their names, without the underscores that keep them apart from the contract's own."""
    return [str(parameter["name"]).strip("_") for parameter in inputs_of(name)]


def encode_arguments(name: str, values: Sequence[Any]) -> bytes:
    """What follows the creation code in the transaction: ``values`` as the plan or a deployment file has them, so
    words and addresses in hexadecimal, structs as lists, numbers also as decimal strings."""
    inputs = inputs_of(name)
    raw = [_raw(part, value) for part, value in zip(inputs, values, strict=True)]
    return encode([type_of(part) for part in inputs], raw)


def _raw(component: Mapping[str, Any], value: Any) -> Any:
    type_ = str(component["type"])
    if type_.endswith("]"):
        inner = {**component, "type": type_[: type_.rindex("[")]}
        return [_raw(inner, item) for item in value]
    if type_ == "tuple":
        return tuple(_raw(part, item) for part, item in zip(component["components"], value, strict=True))
    if type_.startswith("bytes"):
        return bytes.fromhex(str(value).removeprefix("0x"))
    return int(value) if "int" in type_ else value
