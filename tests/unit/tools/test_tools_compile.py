"""Compiling with edits: what is asked for, what is kept, and edits that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools import compile as compiler
from tools.abi import FOLDER, AbiError
from tools.compile import Edit, compile_contracts

NAME = "CheckpointSchedule"
SOURCE = "contracts/private/CheckpointSchedule.sol"
LINE = "    uint256 private constant SIGNATURE_LENGTH = 65;\n"


def test_an_answer_is_kept_by_what_went_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "FOLDER", tmp_path)
    first = compile_contracts([NAME])[NAME]
    assert first.abi == json.loads((FOLDER / f"{NAME}.json").read_text())["abi"]
    [kept] = tmp_path.iterdir()
    monkeypatch.setattr(compiler, "_answer", None)  # asked again, it would fail
    assert compile_contracts([NAME]) == {NAME: first}
    assert [*tmp_path.iterdir()] == [kept]


def test_an_edit_changes_the_code() -> None:
    edited = compile_contracts([NAME], [Edit(SOURCE, LINE, LINE.replace("65", "64"))])[NAME]
    plain = compile_contracts([NAME])[NAME]
    assert edited.abi == plain.abi and edited.code != plain.code


@pytest.mark.parametrize(
    "edit",
    [Edit(SOURCE, "no such line", ""), Edit(SOURCE, "revert", ""), Edit("contracts/None.sol", LINE, "")],
    ids=["missing", "ambiguous", "elsewhere"],
)
def test_an_edit_that_does_not_fit_fails_loudly(edit: Edit) -> None:
    with pytest.raises(AbiError, match=r"expected once|there is no source"):
        compile_contracts([NAME], [edit])


def test_what_does_not_compile_is_told_in_the_compilers_words() -> None:
    with pytest.raises(AbiError, match="do not compile"):
        compile_contracts([NAME], [Edit(SOURCE, LINE, "    uint256 private constant SIGNATURE_LENGTH = ;\n")])
