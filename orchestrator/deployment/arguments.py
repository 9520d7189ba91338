"""Constructor arguments between the JSON of a deployment file and the bytes of a transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi.abi import encode

from orchestrator.chain.abi import artifact, type_of
from orchestrator.deployment.fields import ADDRESS, shown
from orchestrator.errors import ConfigurationError


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
    words and addresses in hexadecimal, structs as lists, numbers also as decimal strings.

    Raises:
        ConfigurationError: one of them is not of its parameter's type; names contract and parameter.
    """
    inputs = inputs_of(name)
    return encode([type_of(part) for part in inputs], _each(inputs, values, f"{name}: constructor_arguments"))


def _each(components: Sequence[Mapping[str, Any]], values: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(values, (list, tuple)) or len(values) != len(components):
        raise ConfigurationError(f"{place} is {shown(values)}, not a list of {len(components)}")
    return tuple(
        _raw(part, value, f"{place}.{str(part['name']).strip('_')}")
        for part, value in zip(components, values, strict=True)
    )


def _raw(component: Mapping[str, Any], value: Any, place: str) -> Any:
    type_ = str(component["type"])
    if type_.endswith("[]"):
        if not isinstance(value, (list, tuple)):
            raise ConfigurationError(f"{place} is {shown(value)}, not a list")
        inner = {**component, "type": type_[: -len("[]")]}
        return [_raw(inner, item, f"{place}[{number}]") for number, item in enumerate(value)]
    if type_ == "tuple":
        return _each(component["components"], value, place)
    if type_.startswith("bytes"):
        return bytes.fromhex(_matching(value, rf"0x[0-9a-fA-F]{{{2 * int(type_[5:])}}}", type_, place)[2:])
    if type_ == "address":
        return _matching(value, ADDRESS, type_, place)
    return (
        _number(value, type_, place)
        if type_.startswith("uint")
        else _matching(value, r"[^\ud800-\udfff]*", "a text", place)
    )


def _number(value: Any, type_: str, place: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,78}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2 ** int(type_[4:]):
        raise ConfigurationError(f"{place} is {shown(value)}, not a {type_}")
    return value


def _matching(value: Any, pattern: str | re.Pattern[str], type_: str, place: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ConfigurationError(f"{place} is {shown(value)}, not {type_}")
    return value
