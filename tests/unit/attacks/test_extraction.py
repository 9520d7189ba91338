"""What a model gives away word for word, counted by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.attacks.extraction import exact_memorisation, exposure, extraction_strength
from orchestrator.errors import DataError


@pytest.mark.parametrize(
    ("right", "strength", "exact"),
    [
        ([1, 1, 1, 1], 1.0, 1.0),
        ([0, 1, 1, 1], 0.75, 0.75),
        ([1, 0, 1, 1], 0.5, 0.75),  # the prefix must hold the last token that is wrong
        ([1, 1, 1, 0], 0.0, 0.75),
        ([0, 0, 0, 0], 0.0, 0.0),
    ],
)
def test_by_hand(right: list[int], strength: float, exact: float) -> None:
    assert extraction_strength(right) == strength
    assert exact_memorisation(right) == exact


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_strength_is_the_length_of_the_run_at_the_end(right: list[bool]) -> None:
    run = next((place for place, flag in enumerate(reversed(right)) if not flag), len(right))
    assert extraction_strength(right) == pytest.approx(run / len(right))
    assert extraction_strength(right) <= exact_memorisation(right) + 1e-12


def test_exposure_by_rank() -> None:
    references = [1.0, 2.0, 3.0]
    assert exposure(0.5, references) == 2.0  # first of four
    assert exposure(1.5, references) == 1.0
    assert exposure(9.0, references) == 0.0
    assert exposure(1.0, [1.0, 1.0, 1.0]) == pytest.approx(2 - math.log2(2.5))  # all equal: in their middle


def test_exposure_needs_numbers() -> None:
    for canary, references in ((1.0, []), (math.nan, [1.0]), (1.0, [math.nan])):
        with pytest.raises(DataError):
            exposure(canary, references)


def test_no_token() -> None:
    with pytest.raises(DataError, match="no token"):
        extraction_strength([])
