"""Calls whose arguments take a word each are read as the ABI library reads them, or left to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.audit.bundle.static_calls import shape_of, static_values
from orchestrator.chain.abi import artifact
from orchestrator.chain.codec import decode_raw
from orchestrator.errors import ChainError

STATIC = [
    (f"{contract}.{entry['name']}", entry["inputs"])
    for contract in ("RoundLedger", "KeyDirectory", "RevocationLedger", "ArtefactRegistry", "Consortium")
    for entry in artifact(contract).functions.values()
    if entry["stateMutability"] == "nonpayable" and entry["inputs"] and shape_of(entry["inputs"]) is not None
]
KINDS = (st.just(bytes(32)), st.integers(0, 3).map(lambda item: item.to_bytes(32, "big")), st.binary(max_size=40))
WORDS = st.lists(st.one_of(*KINDS), max_size=12).map(b"".join)


def test_submissions_are_among_them_and_texts_are_not() -> None:
    names = [name for name, _ in STATIC]
    assert "RoundLedger.submitUpdate" in names
    assert "RoundLedger.releaseUpdate" not in names


@settings(max_examples=25)
@given(data=WORDS)
@pytest.mark.parametrize(("name", "inputs"), STATIC, ids=[name for name, _ in STATIC])
def test_the_library_reads_the_same(name: str, inputs: list[dict[str, Any]], data: bytes) -> None:
    found = static_values(shape_of(inputs), data)
    try:
        expected = decode_raw(inputs, data, name)
    except ChainError:
        expected = None
    assert _lower(found) == _lower(expected)


def _lower(value: Any) -> Any:
    """With addresses in lower case, and structs as lists."""
    if isinstance(value, (list, tuple)):
        return [_lower(item) for item in value]
    return value.lower() if isinstance(value, str) else value
