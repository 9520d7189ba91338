"""Lists of awards as files, amounts, and ids as people type them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, authority, word_of

from orchestrator.disputes.award_actions import check_reason
from orchestrator.disputes.award_decisions import amount_of
from orchestrator.disputes.awards_list import LIMIT, AwardList, read_awards_list, write_awards_list
from orchestrator.disputes.names import one_of
from orchestrator.disputes.sheet_text import tokens
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.awards import Award, award_leaf
from orchestrator.ledger.standard_tree import verify_standard_proof
from orchestrator.types import ZERO_DIGEST, UpdateId

FIRST = Award(0, UpdateId(word_of("first")), authority(AURORA), 10**18)
SECOND = Award(1, UpdateId(word_of("second")), authority(BOREALIS), 5)
LIST = AwardList(3, (FIRST, SECOND))


@given(st.lists(st.integers(1, 2**96 - 1), max_size=9))
def test_a_list_is_read_back_and_proves_its_awards(amounts: list[int]) -> None:
    awards = tuple(
        Award(place, UpdateId(word_of("update", place)), authority(AURORA), amount)
        for place, amount in enumerate(amounts)
    )
    found = AwardList.from_bytes(AwardList(7, awards).to_bytes())
    assert found == AwardList(7, awards)
    assert found.total == sum(amounts)
    for award in awards:
        assert verify_standard_proof(award_leaf(7, award), found.proof(award), found.root)
        assert found.get(award.index) == award


def test_an_empty_list_pays_nothing() -> None:
    assert AwardList.from_bytes(AwardList(3, ()).to_bytes()).root == ZERO_DIGEST


def test_the_layout_does_not_matter_and_the_checkpoint_does(tmp_path: Path) -> None:
    path = write_awards_list(tmp_path / "awards-3.json", LIST)
    assert read_awards_list(path, 3) == LIST
    path.write_text(json.dumps(LIST.document()))
    assert read_awards_list(path).root == LIST.root
    with pytest.raises(FormatError, match=r"awards-3\.json: it is about checkpoint 3, not 4"):
        read_awards_list(path, 4)
    with pytest.raises(ConfigurationError, match="absent"):
        read_awards_list(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"[]", "not an object"),
        (b"[" * 99, "nested"),
        (b" " * (LIMIT + 1), "more than the"),
        (b"\xff", "not JSON"),
        (b'{"format": 1, "format": 2}', "a key occurs twice"),
        (b'{"format": "loranchor/task"}', "expected the format loranchor/awards"),
    ],
)
def test_what_is_no_list_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        AwardList.from_bytes(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sequence": 0}, "from 1"),
        ({"version": 2}, "version 2 is unknown"),
        ({"note": ""}, "unknown member note"),
        ({"awards": {}}, "is not a list"),
        ({"awards": [{"index": 0}]}, "lacks"),
        ({"awards": [LIST.document()["awards"][0]] * 2}, "two awards of one index"),
        (
            {"awards": [LIST.document()["awards"][0], LIST.document()["awards"][0] | {"index": 1}]},
            "two awards of one up",
        ),
        ({"awards": [LIST.document()["awards"][0] | {"amount": "0"}]}, "leave the award out"),
        ({"awards": [LIST.document()["awards"][0] | {"amount": "1.5"}]}, "decimal string"),
        ({"awards": [LIST.document()["awards"][0] | {"account": "0xAB"}]}, "40 lower-case"),
    ],
)
def test_a_list_in_another_form_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(FormatError, match=words):
        AwardList.from_bytes(json.dumps(LIST.document() | change).encode())


@given(st.integers(0, 2**96 - 1))
def test_amounts_are_read_as_they_are_written(amount: int) -> None:
    assert amount_of(tokens(amount)) == amount
    assert amount_of(f"{amount}wei") == amount


@pytest.mark.parametrize(
    "text", ["", "-1", "1e9", "1.", ".5", "1.5wei", "0x10", "1 000", "1.0000000000000000001", "１"]
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no amount"):
        amount_of(text)


def test_ids_are_told_by_their_beginning() -> None:
    known = ["0x" + "ab" * 32, "0x" + "abcd" * 16, "0x" + "ef" * 32]
    assert one_of(known, "0xef" + "ef", "update") == known[2]
    assert one_of(known, "0xABCD…", "update") == known[1]
    assert one_of(known, known[0], "update") == known[0]
    for text, words in (
        ("0xab", "is no id"),
        ("update 1", "is no id"),
        ("0x0000", "there is no update 0x0000"),
        (known[0] + "00", "is no id"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            one_of(known, text, "update")
    with pytest.raises(ConfigurationError, match="the beginning of 2 ids"):
        one_of(["0xabab" + "00" * 30, "0xabab" + "11" * 30], "0xabab", "update")


@pytest.mark.parametrize("reason", ["", " ", "é", "x" * 33, " SCORES"])
def test_reasons_that_no_contract_takes(reason: str) -> None:
    with pytest.raises(ConfigurationError, match="--reason"):
        check_reason(reason)
    assert check_reason("SCORES") == "SCORES"


def test_the_example_of_the_page_is_read_back() -> None:
    page = (Path(__file__).parents[3] / "docs" / "formats" / "awards-list.md").read_text("utf-8")
    found = re.search(r"```json\n(.*?)\n```\n\nRoot: `(0x[0-9a-f]{64})`", page, re.DOTALL)
    assert found is not None
    assert AwardList.from_bytes(found[1].encode()) == AwardList(3, (FIRST,))
    assert AwardList(3, (FIRST,)).root == found[2]
