"""Canonical bytes: RFC 8785's own example, and everything that is refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import MAX_DEPTH, SAFE_INTEGER, canonical_bytes, digest, parse, sha256

PLAIN = {"format": "loranchor/test", "version": 1}

values = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE_INTEGER, SAFE_INTEGER) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_sorting_of_rfc_8785() -> None:
    """Section 3.2.3: keys are sorted by UTF-16 code units."""
    keys = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    expected = (
        '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",'
        '"\u20ac":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
    )
    assert canonical_bytes(keys) == expected.encode()


def test_strings_and_literals_of_rfc_8785() -> None:
    """Section 3.2.2's example without its floats."""
    value = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f", "literals": [None, True, False]}
    expected = '{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical_bytes(value) == expected.encode()


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": 1.0}, r"\$\.a: float"),
        ({"a": [0, float("nan")]}, r"\$\.a\[1\]: float"),
        ({"a": b"bytes"}, r"\$\.a: bytes"),
        ({"a": {1: 2}}, "the key 1 is not text"),
        ({"a": SAFE_INTEGER + 1}, "beyond 2"),
        ({"a": -SAFE_INTEGER - 1}, "beyond 2"),
        ({"a": {1, 2}}, "set has no canonical form"),
        ({"a": "\ud800"}, "not a canonical object"),
        ({"\ud800": 1}, "not a canonical object"),
    ],
)
def test_refuses(value: object, place: str) -> None:
    with pytest.raises(FormatError, match=place):
        canonical_bytes(value)


def test_refuses_deep_nesting() -> None:
    value: Any = 0
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(FormatError, match="nested more than"):
        canonical_bytes(value)
    text = b"[" * 100_000 + b"]" * 100_000
    for start in (b"", b'"]]]]\\"]]]]":1,"y":'):
        with pytest.raises(FormatError, match="nested more than"):
            parse(b'{"x":' + start + text + b"}", format="loranchor/test")


@pytest.mark.parametrize("text", [b'{"' + b'\\"' * 1_000_000, b'{"x":"' + b"\\" * 1_000_001, b'{"' + b"x" * 2_000_000])
def test_a_text_without_end_is_refused_at_once(text: bytes) -> None:
    """Looked for anew from each of its quotes, its end took hours: one object could stop every member."""
    start = time.process_time()
    with pytest.raises(FormatError, match="not JSON"):
        parse(text, format="loranchor/test")
    assert time.process_time() - start < 5


def test_brackets_before_a_text_without_end_are_counted() -> None:
    with pytest.raises(FormatError, match="nested more than"):
        parse(b"[" * (MAX_DEPTH + 1) + b'"]]]]\\', format="loranchor/test")


def test_brackets_in_text_are_no_nesting() -> None:
    document = {**PLAIN, "x": '[[{"\\' * 1000}
    assert parse(canonical_bytes(document), format="loranchor/test") == document


@given(values)
def test_is_json_and_comes_back(value: Any) -> None:
    data = canonical_bytes(value)
    assert json.loads(data) == value
    assert canonical_bytes(json.loads(data)) == data


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(0, 9)))
def test_parse_reads_what_canonical_bytes_wrote(fields: dict[str, int]) -> None:
    document = {**fields, **PLAIN}
    assert parse(canonical_bytes(document), format="loranchor/test") == document


@given(st.binary(max_size=60))
def test_parse_never_breaks(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse(data, format="loranchor/test")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"format":"loranchor/task","version":1}', "expected the format loranchor/test, found 'loranchor/task'"),
        (b'{"format":"loranchor/test","version":2}', "version 2 is unknown, this release reads 1; upgrade"),
        (b'{"format":"loranchor/test","version":true}', "version True is unknown"),
        (b'{"format":"loranchor/test"}', "version None is unknown"),
        (b'{"format":"loranchor/test","version":[1]}', r"version \[1\] is unknown"),
        (b'{"format":"loranchor/test","version":{}}', "version {} is unknown"),
        (b'{"\\ud800":1,"format":"loranchor/test","version":1}', "not a canonical object"),
        (b'{"format":"loranchor/test", "version":1}', "not in canonical form"),
        (b'{"version":1,"format":"loranchor/test"}', "not in canonical form"),
        (b'{"format":"loranchor/test","version":1,"version":1}', "'version' occurs twice"),
        (b'{"a":1.5,"format":"loranchor/test","version":1}', "1.5 is not an integer"),
        (b'{"a":NaN,"format":"loranchor/test","version":1}', "NaN is not an integer"),
        (b'{"a":123456789012345678901,"format":"loranchor/test","version":1}', "beyond 2"),
        (b'{"a":9007199254740993,"format":"loranchor/test","version":1}', "beyond 2"),
        (b"[1]", "expected an object, found list"),
        (b"\xff", "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_parse_refuses(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse(data, format="loranchor/test")


def test_parse_bounds_size() -> None:
    with pytest.raises(FormatError, match="100 bytes, more than the 99 allowed"):
        parse(b" " * 100, format="loranchor/test", limit=99)


def test_digest_is_sha256_of_the_bytes() -> None:
    assert digest({"b": 1, "a": 2}) == sha256(b'{"a":2,"b":1}')
    assert sha256(b"") == "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
