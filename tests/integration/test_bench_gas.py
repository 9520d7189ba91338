"""The gas benchmark on a real chain: the figures of the documentation come out again."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.gas.parts import measure
from benchmarks.harness import Result, read_result

DATA = Path(__file__).parents[2] / "docs" / "benchmarks" / "data" / "gas.json"
QUICK = ("naive", "other public")


@pytest.fixture(scope="module")
def kept() -> Result:
    return read_result(DATA)


@pytest.mark.parametrize("part", QUICK)
def test_a_part_measured_again_gives_the_same_figures(kept: Result, part: str) -> None:
    cell = next(cell for cell in kept.cells if cell.configuration["part"] == part)
    assert measure(cell.configuration) == cell.figures, "measure again: `make bench-gas`, then --docs"


@pytest.mark.slow
def test_all_of_it_measured_again_gives_the_same_figures(kept: Result) -> None:
    """So the page is of the contracts as they are, and every run of one state says the same."""
    for cell in kept.cells:
        if cell.configuration["part"] not in QUICK:
            assert measure(cell.configuration) == cell.figures, f"{cell.configuration}: `make bench-gas`, then --docs"
