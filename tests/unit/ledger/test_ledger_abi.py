"""The record kinds are exactly the contracts' events that carry a leaf salt, and those of the private Consortium."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest

from orchestrator.chain.abi import PRIVATE
from orchestrator.ledger.schema import KINDS, SALT_ARGUMENT, FieldType, snake_case

NOT_RECORDS = {"ConsortiumBound", "EIP712DomainChanged", "CheckpointDue", "CheckpointAttested"}
"""What pairs the contracts, what OpenZeppelin's EIP712 could tell, and what follows from records or attests to them."""
OURS = {"organisation": "bytes32", "label": "bytes32"}


def events_of(contract: str) -> dict[str, list[dict[str, Any]]]:
    """Arguments of each event, in the order of the contract."""
    artifact = json.loads(files("orchestrator.chain").joinpath("abi", f"{contract}.json").read_text())
    return {entry["name"]: entry["inputs"] for entry in artifact["abi"] if entry["type"] == "event"}


def abi_types(fields: Mapping[str, FieldType]) -> list[tuple[str, Any]]:
    return [
        (name, OURS.get(type_, type_) if isinstance(type_, str) else abi_types(type_)) for name, type_ in fields.items()
    ]


def given_types(inputs: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [
        (snake_case(item["name"]), given_types(item["components"]) if item["type"] == "tuple" else item["type"])
        for item in inputs
        if item["name"] != SALT_ARGUMENT
    ]


@pytest.mark.parametrize("contract", PRIVATE)
def test_every_event_is_a_record_or_named_as_none(contract: str) -> None:
    events = events_of(contract)
    kinds = {name for name, kind in KINDS.items() if kind.contract == contract}
    assert kinds == set(events) - NOT_RECORDS


@pytest.mark.parametrize("name", KINDS)
def test_fields_are_the_arguments_of_the_event(name: str) -> None:
    kind = KINDS[name]
    inputs = events_of(kind.contract)[name]
    assert given_types(inputs) == abi_types(kind.fields)
    assert (inputs[-1]["name"] == SALT_ARGUMENT) is kind.salted
    assert kind.actor == "" or kind.fields[kind.actor] == "organisation"
