"""What counts as personal data, by examples from standards and libraries' documents, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.anonymise import KINDS, find

FOUND = [
    ("email", "write to Jane.Doe+list@mail.example.co.uk.", "Jane.Doe+list@mail.example.co.uk"),
    ("email", "<giulia@пример.example>", "giulia@пример.example"),
    ("user_url", "see (https://jane:pw@example.org/a?b=1).", "https://jane:pw@example.org/a?b=1"),
    ("user_url", "at https://example.edu/~jane/ now", "https://example.edu/~jane/"),
    ("user_url", "https://github.com/torvalds", "https://github.com/torvalds"),
    ("ip", "from 192.0.2.17, again", "192.0.2.17"),
    ("ip", "[2001:db8::8a2e:370:7334]", "2001:db8::8a2e:370:7334"),
    ("mac", "card 00-00-5E-00-53-AF", "00-00-5E-00-53-AF"),
    ("mac", "card 0000.5e00.53af", "0000.5e00.53af"),
    ("iban", "to GB82 WEST 1234 5698 7654 32 by Friday", "GB82 WEST 1234 5698 7654 32"),
    ("iban", "DE89370400440532013000", "DE89370400440532013000"),
    ("card", "paid by 4111 1111 1111 1111", "4111 1111 1111 1111"),
    ("card", "paid by 3782-822463-10005", "3782-822463-10005"),
    ("coin", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
    ("coin", "to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("coin", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("phone", "call (650) 253-0000 now", "(650) 253-0000"),
    ("phone", "call +44 (0)20 7031 3000 now", "+44 (0)20 7031 3000"),
    ("national_id", "SSN 536-90-4399", "536-90-4399"),
    ("national_id", "DNI 54362315K", "54362315K"),
    ("national_id", "AHV 756.9217.0769.85", "756.9217.0769.85"),
    ("national_id", "NHS number is 943 476 5870", "943 476 5870"),
    ("birth_date", "She was born on 3 May 1980.", "3 May 1980"),
    ("birth_date", "DOB: 02.10.50", "02.10.50"),
    ("birth_date", "生年月日 1985年4月1日", "1985年4月1日"),
]
NOT = [
    "version 1.2.3.400 of 10.20.300.4000",
    "at 12:30:45, std::vector, 10:20",
    "4111 1111 1111 1112 is no card, 1234567812345670 has no issuer",
    "DE88 3704 0044 0532 0130 00 fails its check",
    "0x" + "ab" * 32,
    "https://example.org/about and https://github.com/a/b",
    "me@home, @you, a@b",
    "on July 4, 1776 and 1954-03-01; the nation was born on July 4, 1776",
    "943 476 5870x",
    "in 1865-1866, $13,265,991.45, 25,000,000 and 3.1415926535",
    "1 - 64 - 78 - 39 - 42 - 31 - 93",
    "",
]


@pytest.mark.parametrize(("kind", "text", "item"), FOUND)
def test_found_with_its_bounds(kind: str, text: str, item: str) -> None:
    (span,) = find(text)
    assert (span.kind, text[span.start : span.end]) == (kind, item)


@pytest.mark.parametrize("text", NOT)
def test_left_alone(text: str) -> None:
    assert find(text) == []


def test_every_kind_has_an_example() -> None:
    assert {kind for kind, _, _ in FOUND} == set(KINDS)


def test_of_what_overlaps_the_longer_counts() -> None:
    text = "https://jane@example.org/x"
    assert [span.kind for span in find(text)] == ["user_url"]
    assert [span.kind for span in find(text, kinds=["email"])] == ["email"], "what is asked for is found all the same"


def test_regions_decide_on_numbers_without_a_country_code() -> None:
    assert find("ring 044 668 18 00", regions=["CH"])[0].kind == "phone"
    assert find("ring 044 668 18 00", regions=[]) == []


@settings(max_examples=60)
@given(st.text(st.sampled_from("0123456789 .-:@/abcfX+(),\n"), max_size=60))
def test_spans_are_apart_in_order_and_inside(text: str) -> None:
    spans = find(text)
    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.start < span.end <= len(text) for end, span in zip(ends, spans, strict=False))
