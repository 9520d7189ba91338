"""Intervals against tables of Student's t, and what a table shows of them."""

from __future__ import annotations

import pytest

from benchmarks.harness import Table, bootstrap_interval, t_interval
from benchmarks.harness.intervals import t_quantile
from benchmarks.harness.tables import console


@pytest.mark.parametrize(
    ("probability", "freedom", "quantile"),
    [
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 4, 2.776),
        (0.975, 9, 2.262),
        (0.975, 30, 2.042),
        (0.95, 1, 6.314),
        (0.95, 7, 1.895),
        (0.995, 3, 5.841),
        (0.995, 120, 2.617),
    ],
)
def test_quantiles_are_those_of_printed_tables(probability: float, freedom: int, quantile: float) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(quantile, abs=6e-4)


@pytest.mark.parametrize(("probability", "freedom"), [(0.5, 3), (1.0, 3), (0.975, 0)])
def test_no_quantile_outside_of_the_distribution(probability: float, freedom: int) -> None:
    with pytest.raises(ValueError, match="no t quantile"):
        t_quantile(probability, freedom)


def test_a_mean_with_its_interval() -> None:
    found = t_interval([1.0, 2.0, 3.0, 4.0])
    assert (found.mean, found.n) == (2.5, 4)
    assert found.low == pytest.approx(2.5 - 3.1824 * 1.29099 / 2, abs=1e-3)
    assert found.text(2) == "2.50 [0.45, 4.55] (n=4)"


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert t_interval([0.5, 0.5]).text(1) == "0.5 [0.5, 0.5] (n=2)"
    assert bootstrap_interval([0.5, 0.5]).text(1) == "0.5 [0.5, 0.5] (n=2)"


def test_one_value_says_that_it_is_one() -> None:
    assert t_interval([0.25]).text() == "0.250 (n=1)" and bootstrap_interval([0.25]).text() == "0.250 (n=1)"
    assert t_interval([]).text() == "not run"


def test_the_bootstrap_is_the_same_every_time_and_covers_the_mean() -> None:
    values = [0.1, 0.4, 0.2, 0.9, 0.3, 0.35, 0.5, 0.45]
    found = bootstrap_interval(values)
    assert found == bootstrap_interval(values) != bootstrap_interval(values, seed=1)
    assert found.low is not None and found.high is not None and found.mean is not None
    assert min(values) < found.low < found.mean < found.high < max(values)


def test_no_cell_of_a_table_is_blank(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("T [x]", ["what", "a", "b", "c"], [["one|two", None, "", 1234], ["three", 0.5, t_interval([]), 0]])
    assert table.markdown().splitlines() == [
        "| what | a | b | c |",
        "| --- | ---: | ---: | ---: |",
        "| one\\|two | not run | not run | 1,234 |",
        "| three | 0.500 | not run | 0 |",
    ]
    console().print(table.rich("preset default"))
    shown = capsys.readouterr().out
    assert "T [x]" in shown and shown.count("not run") == 3 and "preset default" in shown


def test_rows_have_as_many_values_as_columns() -> None:
    with pytest.raises(ValueError, match="2 values under 1 columns"):
        Table("T", ["what"], [["a", "b"]])
