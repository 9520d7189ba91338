"""How block explorers show a log and a failed transaction, in plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from orchestrator.chain.abi import signature_of
from orchestrator.chain.codec import decode_event
from orchestrator.ledger.words import label_text
from orchestrator.types import Digest

Part = Mapping[str, Any]
SHOWN = 8
"""Digits at either end of a long word; the rest is an ellipsis."""


def topic_of(event: Part) -> str:
    return "0x" + keccak(text=signature_of(event)).hex()


def selector_of(entry: Part) -> str:
    return "0x" + keccak(text=signature_of(entry))[:4].hex()


def declared(entry: Part) -> str:
    """The declaration with our own types: ``RoundPassed(uint64 indexed roundId, …)``."""
    parts = (
        f"{_own_type(part)}{' indexed' * bool(part.get('indexed'))} {part['name']}".strip() for part in entry["inputs"]
    )
    return f"{entry['name']}({', '.join(parts)})"


def log_lines(contract: str, event: Part, log: Mapping[str, Any]) -> list[str]:
    """A log as the tab "Logs" shows it: address, name, topics, decoded data."""
    topics = [Digest(topic) for topic in log["topics"]]
    values = decode_event(event, topics, bytes.fromhex(log["data"][2:]))
    indexed = [part for part in event["inputs"] if part["indexed"]]
    rows = [(str(place), part["name"], _text(part, values[part["name"]])) for place, part in enumerate(indexed, 1)]
    width = max((len(name) for _, name, _ in rows), default=0)
    topics_text = [f"0  {short(topics[0])}"] + [f"{place}  {name.ljust(width)}  {value}" for place, name, value in rows]
    plain = [part for part in event["inputs"] if not part["indexed"]]
    data = [row for part in plain for row in _flat(part, values[part["name"]], part["name"])]
    width = max((len(name) for name, _ in data), default=0)
    data_text = [f"{name.ljust(width)} : {value}" for name, value in data]
    head = [f"Address  {to_checksum_address(log['address'])} ({contract})", f"Name     {_explorer_name(event)}"]
    return [*head, *_block("Topics", topics_text), *_block("Data", data_text)]


def error_line(error: Part, values: Sequence[Any]) -> str:
    """What stands beside the status of a failed transaction."""
    named = (f"{part['name']}: {_text(part, value)}" for part, value in zip(error["inputs"], values, strict=True))
    return f"Fail with custom error '{error['name']} ({', '.join(named)})'"


def short(word: str) -> str:
    """A long hexadecimal value with its middle left out."""
    return word if len(word) <= 2 + 2 * SHOWN else f"{word[: 2 + SHOWN]}…{word[-SHOWN:]}"


def _own_type(part: Part) -> str:
    internal = str(part.get("internalType") or part["type"])
    return internal.removeprefix("struct ").removeprefix("enum ").removeprefix("contract ").rpartition(".")[2]


def _explorer_name(event: Part) -> str:
    counted, parts = 0, []
    for part in event["inputs"]:
        counted += bool(part["indexed"])
        parts.append(f"index_topic_{counted} " * bool(part["indexed"]) + f"{part['type']} {part['name']}")
    return f"{event['name']} ({', '.join(parts)})"


def _block(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title if place == 0 else '':8} {line}" for place, line in enumerate(lines)]


def _flat(part: Part, value: Any, name: str) -> Iterator[tuple[str, str]]:
    """A struct is shown field by field."""
    if part["type"] == "tuple":
        for inner, item in zip(part["components"], value, strict=True):
            yield from _flat(inner, item, f"{name}.{inner['name']}")
    else:
        yield name, _text(part, value)


def _text(part: Part, value: Any) -> str:
    if part["type"].endswith("[]"):
        inner = {**part, "type": part["type"][:-2]}
        return "[" + ", ".join(_text(inner, item) for item in value) + "]"
    if part["type"] == "bytes32":
        return _word(value)
    if part["type"] == "bytes":
        return f"{short('0x' + value.hex())} ({len(value):,} bytes)"
    if part["type"] == "address":
        return to_checksum_address(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _word(value: bytes) -> str:
    """With the text that it stands for: names and reasons are ASCII, which explorers show on request."""
    text, hexadecimal = label_text(value), "0x" + value.hex()
    return short(hexadecimal) if not text or text == hexadecimal else f"{short(hexadecimal)} ({text})"
