"""What cells share: made once, whole or not at all, and never by two processes at the same time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from benchmarks.unlearning import kept
from benchmarks.unlearning.kept import kept_folder, kept_json, key_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    return tmp_path


def test_a_key_is_of_all_that_is_said() -> None:
    assert key_of({"a": 1, "b": (2, 0.5)}) == key_of({"b": [2, 0.5], "a": 1})
    assert len({key_of(about) for about in ({"a": 1}, {"a": 2}, {"a": 1.5}, {"a": "1"}, {"b": 1})}) == 5


def test_an_object_is_made_once() -> None:
    made = []
    for _ in range(2):
        assert kept_json("k", {"a": 1}, lambda: made.append(1) or {"x": 0.25}) == {"x": 0.25}
    assert made == [1]
    assert kept_json("k", {"a": 2}, lambda: {"x": 1}) == {"x": 1}


def test_a_folder_that_failed_is_not_there(folder: Path) -> None:
    def half(draft: Path) -> None:
        (draft / "one").write_text("1")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        kept_folder("k", {}, half)
    assert [path.name for path in (folder / "k").iterdir()] == [f".{key_of({})}.lock"]
    whole = kept_folder("k", {}, lambda draft: (draft / "one").write_text("2") and None)
    assert (whole / "one").read_text() == "2"


def test_whoever_wants_the_same_waits(folder: Path) -> None:
    begun, go_on, made = threading.Event(), threading.Event(), []

    def slowly() -> dict[str, int]:
        begun.set()
        assert go_on.wait(10)
        made.append("first")
        return {"x": 1}

    first = threading.Thread(target=lambda: kept_json("k", {}, slowly))
    second = threading.Thread(target=lambda: kept_json("k", {}, lambda: made.append("second") or {"x": 2}))
    first.start()
    assert begun.wait(10)
    second.start()
    second.join(0.1)
    assert second.is_alive() and made == []
    go_on.set()
    first.join(10)
    second.join(10)
    assert made == ["first"]
