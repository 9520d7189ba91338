"""ABI values to Python and back."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.chain.abi import PRIVATE, PUBLIC, artifact, parse_artifact, signature_of, type_of
from orchestrator.chain.codec import decode_event, decode_values, encode_call, encode_values, event_values
from orchestrator.errors import ChainError, ConfigurationError, FormatError
from orchestrator.types import Digest

ORGANISATION = {"name": "organisation", "type": "bytes32", "internalType": "OrganisationId"}
REASON = {"name": "reason", "type": "bytes32", "internalType": "bytes32"}
WORD = {"name": "digest", "type": "bytes32", "internalType": "bytes32"}
PAIR = {
    "name": "pair",
    "type": "tuple",
    "components": [ORGANISATION, {"name": "valueBefore", "type": "int64", "internalType": "int64"}],
}


@dataclass
class Pair:
    organisation: str
    value_before: int


def there_and_back(component: dict, value: object) -> object:  # type: ignore[type-arg]
    return decode_values([component], encode_values([component], [value], "test"), "test")[0]


def test_struct_from_dataclass_and_mapping() -> None:
    expected = {"organisation": "aurora", "value_before": -5}
    assert there_and_back(PAIR, Pair("aurora", -5)) == expected
    assert there_and_back(PAIR, expected) == expected
    assert there_and_back({**PAIR, "type": "tuple[]"}, [expected, expected]) == [expected, expected]


def test_words_and_digests() -> None:
    assert there_and_back(ORGANISATION, "north-2") == "north-2"
    assert there_and_back(REASON, "norm too large") == "norm too large"
    assert there_and_back(REASON, "") == ""
    assert there_and_back(WORD, "0x" + "ab" * 32) == "0x" + "ab" * 32
    assert decode_values([ORGANISATION], bytes(32), "test") == [""]


@pytest.mark.parametrize(
    ("component", "value"),
    [(ORGANISATION, "North"), (REASON, "x" * 33), (REASON, "ü"), (WORD, "0xab"), (WORD, "reason")],
)
def test_a_value_that_does_not_fit_is_refused(component: dict, value: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(FormatError):
        encode_values([component], [value], "test")


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="does not fit"):
        encode_values([{"name": "n", "type": "uint64"}], [2**64], "openRound")


def test_text_that_is_no_utf8_does_not_stop_a_reader() -> None:
    text = {"name": "cid", "type": "string"}
    assert decode_values([text], encode(["bytes"], [b"Qm\xff"]), "test") == ["Qm\\xff"]


@given(st.binary(max_size=200))
def test_foreign_bytes_are_a_chain_error_or_values(data: bytes) -> None:
    with contextlib.suppress(ChainError, FormatError):
        decode_values([PAIR, {"name": "x", "type": "bytes"}], data, "test")


def test_types_and_signatures() -> None:
    function = {"name": "f", "inputs": [{**PAIR, "type": "tuple[]"}, {"name": "x", "type": "uint8"}]}
    assert type_of(function["inputs"][0]) == "(bytes32,int64)[]"
    assert signature_of(function) == "f((bytes32,int64)[],uint8)"
    assert len(encode_call(function, [[Pair("aurora", 1)], 3])[:4]) == 4
    with pytest.raises(TypeError, match="takes 2 values, 1 given"):
        encode_call(function, [3])


def test_an_event_is_put_together_from_topics_and_data() -> None:
    event = {
        "name": "Happened",
        "type": "event",
        "inputs": [
            {**ORGANISATION, "indexed": True},
            {"name": "someText", "type": "string", "indexed": False},
            {"name": "id", "type": "uint64", "indexed": True},
        ],
    }
    topics = [Digest("0x" + "00" * 32), Digest("0x" + b"aurora".ljust(32, b"\0").hex()), Digest("0x" + f"{7:064x}")]
    data = encode(["string"], ["hi"])
    assert event_values(event, topics, data) == {"organisation": "aurora", "some_text": "hi", "id": 7}
    assert list(decode_event(event, topics, data)) == ["organisation", "someText", "id"]
    with pytest.raises(ChainError, match="1 indexed values, expected 2"):
        decode_event(event, topics[:2], data)


@pytest.mark.parametrize("name", sorted({*PUBLIC, *PRIVATE}))
def test_every_committed_artifact_parses(name: str) -> None:
    found = artifact(name)
    assert found.functions
    assert found.errors
    assert len(found.code_hash) == 66


def test_an_overloaded_function_is_known_by_its_signature() -> None:
    entries = [
        {"type": "function", "name": "f", "inputs": [], "outputs": []},
        {"type": "function", "name": "f", "inputs": [{"name": "a", "type": "uint8"}], "outputs": []},
    ]
    assert list(parse_artifact("X", {"abi": entries}).functions) == ["f", "f(uint8)"]
