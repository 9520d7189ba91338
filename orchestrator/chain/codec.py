"""ABI values to Python values and back, by one rule for calls, views and events.

bytes32 is ``0x`` and 64 digits, except an ``OrganisationId``, which is its name, and the ASCII labels ``reason`` and
``metric``. Addresses are lower case, structs are mappings with snake_case names, ``bytes`` is ``bytes``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.encoding import TextStringEncoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import BaseEquals, registry
from eth_utils.crypto import keccak

from orchestrator.chain.abi import signature_of, type_of
from orchestrator.errors import ChainError, ConfigurationError
from orchestrator.ledger import words
from orchestrator.ledger.schema import snake_case
from orchestrator.types import Digest

_LABELS = {"kind", "reason", "metric"}


class _Text(StringDecoder):
    """A string that is no UTF-8 must not stop a reader: its stray bytes come out as ``\\xNN``."""

    def __init__(self) -> None:
        super().__init__(handle_string_errors="backslashreplace")  # type: ignore[no-untyped-call]


@cache
def _codec() -> ABICodec:
    own = registry.copy()  # type: ignore[no-untyped-call]
    own.unregister("string")
    own.register(BaseEquals("string"), TextStringEncoder, _Text, label="string")  # type: ignore[no-untyped-call]
    return ABICodec(own)


def to_abi(component: Mapping[str, Any], value: Any) -> Any:
    """One argument as eth_abi wants it; a struct may be a mapping or a dataclass with snake_case names."""
    type_ = str(component["type"])
    if type_.endswith("]"):
        inner = {**component, "type": type_[: type_.rindex("[")]}
        return [to_abi(inner, entry) for entry in value]
    if type_ == "tuple":
        named = _named(value)
        return tuple(to_abi(part, named[snake_case(part["name"])]) for part in component["components"])
    if type_ == "bytes32" and isinstance(value, str):
        return _bytes32(component, value)
    if type_.startswith("bytes") and isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x"))
    if "int" in type_ and not isinstance(value, bool):
        return int(value)
    return value


def _named(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: getattr(value, entry.name) for entry in fields(value)}
    raise TypeError(f"{type(value).__name__} is no struct")


def _bytes32(component: Mapping[str, Any], value: str) -> bytes:
    if _is_organisation(component):
        return words.organisation_word(value)
    if component.get("name") in _LABELS:
        return words.label_word(value)
    return words.word(value)


def _is_organisation(component: Mapping[str, Any]) -> bool:
    return str(component.get("internalType", "")).partition("[")[0] == "OrganisationId"


def from_abi(component: Mapping[str, Any], value: Any) -> Any:
    """One decoded value as Python."""
    type_ = str(component["type"])
    if type_.endswith("]"):
        inner = {**component, "type": type_[: type_.rindex("[")]}
        return [from_abi(inner, entry) for entry in value]
    if type_ == "tuple":
        return {
            snake_case(part["name"]): from_abi(part, entry)
            for part, entry in zip(component["components"], value, strict=True)
        }
    if type_ == "bytes32":
        if _is_organisation(component):
            return words.organisation_name(value) if any(value) else ""
        return words.label_text(value) if component.get("name") in _LABELS else words.hex_word(value)
    if type_ == "address":
        return words.address(value)
    return value


def encode_values(components: Sequence[Mapping[str, Any]], values: Sequence[Any], what: str) -> bytes:
    """ABI encoding of values in their Python form."""
    if len(components) != len(values):
        raise TypeError(f"{what} takes {len(components)} values, {len(values)} given")
    raw = [to_abi(part, value) for part, value in zip(components, values, strict=True)]
    try:
        return _codec().encode([type_of(part) for part in components], raw)
    except EncodingError as error:
        raise ConfigurationError(f"an argument of {what} does not fit: {error}") from error


def encode_call(function: Mapping[str, Any], arguments: Sequence[Any]) -> bytes:
    """Selector and arguments of a call."""
    return keccak(text=signature_of(function))[:4] + encode_values(function["inputs"], arguments, function["name"])


def decode_raw(components: Sequence[Mapping[str, Any]], data: bytes, what: str) -> list[Any]:
    """Values as eth_abi gives them; ``ChainError`` when the bytes are not of those types."""
    try:
        return list(_codec().decode([type_of(part) for part in components], data))
    except (DecodingError, OverflowError) as error:
        raise ChainError(f"{what} does not decode: {error}", mend="is the contract the one of this version?") from error


def decode_values(components: Sequence[Mapping[str, Any]], data: bytes, what: str) -> list[Any]:
    """Values in their Python form."""
    raw = decode_raw(components, data, what)
    return [from_abi(part, value) for part, value in zip(components, raw, strict=True)]


def decode_event(event: Mapping[str, Any], topics: Sequence[Digest], data: bytes) -> dict[str, Any]:
    """Arguments of an event by their ABI names, as eth_abi gives them. ``topics`` begins with the event's own."""
    name = f"event {event['name']}"
    indexed = [part for part in event["inputs"] if part["indexed"]]
    plain = [part for part in event["inputs"] if not part["indexed"]]
    if len(indexed) != len(topics) - 1:
        raise ChainError(f"{name} has {len(topics) - 1} indexed values, expected {len(indexed)}")
    values = dict(zip((part["name"] for part in plain), decode_raw(plain, data, name), strict=True))
    for part, topic in zip(indexed, topics[1:], strict=True):
        values[part["name"]] = decode_raw([part], bytes.fromhex(topic[2:]), name)[0]
    return {part["name"]: values[part["name"]] for part in event["inputs"]}


def event_values(event: Mapping[str, Any], topics: Sequence[Digest], data: bytes) -> dict[str, Any]:
    """Arguments of an event in their Python form, by snake_case name."""
    raw = decode_event(event, topics, data)
    return {snake_case(part["name"]): from_abi(part, raw[part["name"]]) for part in event["inputs"]}
