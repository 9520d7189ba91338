"""Files are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.files import write_atomic, write_json


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_atomic(path, b"old")
    write_atomic(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_the_old_file_is_there_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os if broken == "fsync" else Path, broken, full)
        with pytest.raises(OSError, match="No space left"):
            write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path], "no draft is left behind"


def test_the_old_file_is_there_when_writing_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path], "no draft is left behind"


def test_a_secret_is_never_readable_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for the moment before it gets its name."""
    modes: list[int] = []
    honest = os.fsync

    def watching(handle: int) -> None:
        modes.append(os.fstat(handle).st_mode & 0o777)
        honest(handle)

    monkeypatch.setattr(os, "fsync", watching)
    write_atomic(tmp_path / "secret", b"secret", mode=0o600)
    assert modes == [0o600]


def test_json_keeps_its_order_and_ends_with_a_line(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"b": 1, "a": [2]})
    assert (tmp_path / "file.json").read_text() == '{\n  "b": 1,\n  "a": [\n    2\n  ]\n}\n'


def test_what_is_no_json_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"a": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "file.json", {"a": object()})
    assert (tmp_path / "file.json").read_text() == '{\n  "a": 1\n}\n'
