"""Figures, axes and labels."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.report import text
from orchestrator.report.bars import bar_chart
from orchestrator.report.scale import axis, spread

FINITE = st.floats(min_value=-1e15, max_value=1e15, allow_nan=False)


@pytest.mark.parametrize(
    "wei, short, exact",
    [
        (0, "0", "0"),
        (1, "under 0.0001", "0.000000000000000001"),
        (10**18, "1", "1"),
        (1_500_000_000_000_000_000, "1.5", "1.5"),
        (48_749_999_999_999_999_999, "48.7499", "48.749999999999999999"),
        (2**256 - 1, None, None),
    ],
)
def test_tokens(wei: int, short: str | None, exact: str | None) -> None:
    assert short in (None, text.tokens(wei))
    assert exact in (None, text.exact_tokens(wei))
    assert int(text.exact_tokens(wei).replace(".", "") or 0) >= 0


@given(wei=st.integers(min_value=0, max_value=2**256 - 1))
def test_exact_tokens_lose_nothing(wei: int) -> None:
    whole, _, rest = text.exact_tokens(wei).partition(".")
    assert int(whole) * 10**18 + int(rest.ljust(18, "0")) == wei


@pytest.mark.parametrize(
    "value, words", [(0, "0 bytes"), (999, "999 bytes"), (1_900_000, "1.9 MB"), (11_600_000, "11.6 MB")]
)
def test_size(value: int, words: str) -> None:
    assert text.size(value) == words


@pytest.mark.parametrize(
    "value, words", [(9.06, "9.1 s"), (75.2, "1 min 15 s"), (59.99, "60.0 s"), (3725, "1 h 2 min")]
)
def test_duration(value: float, words: str) -> None:
    assert text.duration(value) == words


@given(values=st.lists(FINITE, min_size=1, max_size=8), zero=st.booleans())
def test_an_axis_holds_every_value(values: list[float], zero: bool) -> None:
    scale = axis(values, 0, 100, zero=zero)
    assert 2 <= len(scale.ticks) <= 12
    for value in values:
        assert -0.2 <= scale.at(value) <= 100.2
    if zero:
        assert scale.low <= 0 <= scale.high


def test_an_axis_has_round_ticks() -> None:
    assert axis([3.25, 3.85], 0, 1).ticks == (3.2, 3.4, 3.6, 3.8, 4.0)


@given(wanted=st.lists(st.floats(min_value=0, max_value=300), max_size=15))
def test_labels_keep_apart(wanted: list[float]) -> None:
    placed = sorted(spread(wanted, 15, 0, 300))
    assert all(after - before >= 14.7 for before, after in pairwise(placed))
    assert all(-0.1 <= place <= 300.1 for place in placed)


def test_bars_leave_out_what_was_not_recorded() -> None:
    rows = {"a": (1, None), "b": (None, None)}
    chart = bar_chart(rows, id="x", title="t", series=("one", "two"), write=text.count, tick=text.compact)
    assert chart is not None
    assert chart.legend == ()
    assert [len(row.bars) for row in chart.rows] == [1, 0]
    assert bar_chart({"a": (None,)}, id="x", title="t", series=("one",), write=text.count, tick=text.compact) is None


def test_parts_find_digests() -> None:
    digest, cid = "0x" + "ab" * 32, "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"
    found = text.parts(f"head {digest}; object {cid}.")
    assert [part for is_digest, part in found if is_digest] == [digest, cid]
    assert [part for is_digest, part in found if not is_digest] == ["head ", "; object ", "."]
    assert text.parts(digest + "0") == [(False, digest + "0")]
    assert text.parts("") == []


@given(sentence=st.text())
def test_parts_lose_nothing(sentence: str) -> None:
    assert "".join(part for _, part in text.parts(sentence)) == sentence
