"""Reading the password."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from orchestrator.errors import KeystoreError
from orchestrator.keystore import read_password


def password_file(tmp_path: Path, data: bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "password"
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("data", [b"s3cret", b"s3cret\n", b"s3cret\r\n"])
def test_a_private_file_is_read(tmp_path: Path, data: bytes) -> None:
    assert read_password(password_file(tmp_path, data)) == "s3cret"


def test_spaces_and_unicode_are_part_of_it(tmp_path: Path) -> None:
    assert read_password(password_file(tmp_path, " pä ss ".encode())) == " pä ss "


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = password_file(tmp_path, b"s3cret", mode)
    with pytest.raises(KeystoreError, match=f"mode {mode:04o}.*chmod 600 ") as caught:
        read_password(path)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("mode", "fine"), [(0o400, True), (0o440, True), (0o460, False), (0o444, False)])
def test_systemd_gives_credentials_by_an_access_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, fine: bool
) -> None:
    """Which shows as a group that may read; elsewhere that is a group."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    path = password_file(folder, b"s3cret", mode)
    if fine:
        assert read_password(path) == "s3cret"
    else:
        with pytest.raises(KeystoreError, match=f"mode {mode:04o}"):
            read_password(path)
    (folder / "below").mkdir()
    for elsewhere in (tmp_path, folder / "below"):
        with pytest.raises(KeystoreError, match="mode 0440"):
            read_password(password_file(elsewhere, b"s3cret", 0o440))


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"a\nb\n", "more than one line"), (b"\xff\xfe", "not UTF-8"),
     (b"x" * 5000, "longer than")],
)  # fmt: skip
def test_an_odd_file_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(KeystoreError, match=message):
        read_password(password_file(tmp_path, data))


def test_no_file_there(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="No such file"):
        read_password(tmp_path / "none")


def test_a_folder_is_no_password_file(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="cannot read the password file"):
        read_password(tmp_path)


def test_without_a_terminal_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("s3cret\n"))
    with pytest.raises(KeystoreError, match="no terminal"):
        read_password(None)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("second", "fine"), [("s3cret", True), ("other", False)])
def test_a_new_password_is_asked_twice(monkeypatch: pytest.MonkeyPatch, second: str, fine: bool) -> None:
    answers = iter(["s3cret", second])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    if fine:
        assert read_password(None, confirm=True) == "s3cret"
    else:
        with pytest.raises(KeystoreError, match="differ"):
            read_password(None, confirm=True)
