"""Text metrics against values computed by hand."""

from __future__ import annotations

import pytest

from orchestrator.attacks.inversion.text_metrics import rouge, token_precision, token_recall, words

CAT = "The cat sat on the mat."


@pytest.mark.parametrize(
    ("found", "n", "value"),
    [
        (CAT, 1, 1.0),
        (CAT, 2, 1.0),
        ("the cat was on the mat", 1, 5 / 6),
        ("the cat was on the mat", 2, 3 / 5),  # the cat, on the, the mat
        ("mat the on sat cat the", 1, 1.0),
        ("mat the on sat cat the", 2, 0.0),
        ("the the the the", 1, 2 * 2 / (4 + 6)),  # two of four are in the text
        ("the cat", 1, 2 * 2 / (2 + 6)),
        ("", 1, 0.0),
        ("the", 2, 0.0),
    ],
)
def test_rouge_is_the_f1_of_shared_n_grams(found: str, n: int, value: float) -> None:
    assert rouge(found, CAT, n) == pytest.approx(value) == pytest.approx(rouge(CAT, found, n))


def test_words_are_runs_of_letters_and_digits_in_lower_case() -> None:
    assert words("It's 8 million—NEW jobs_too") == ["it", "s", "8", "million", "new", "jobs", "too"]


def test_recall_and_precision_count_distinct_tokens() -> None:
    assert token_recall([1, 2, 2, 9], [1, 2, 3, 3]) == pytest.approx(2 / 3)
    assert token_precision([1, 2, 2, 9, 8], [1, 2, 3, 3]) == pytest.approx(2 / 4)
    assert token_recall([], [1]) == token_precision([], [1]) == token_recall([1], []) == 0
