"""The search that tests of shredding rely on finds what it is to find."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from byte_search import WINDOW, found, spellings, windows


@pytest.mark.parametrize("length", [31, 32, 33])
@pytest.mark.parametrize("before", range(6))
def test_every_spelling_is_found_wherever_it_stands(before: int, length: int) -> None:
    secret = os.urandom(length)
    texts = [
        os.urandom(before) + secret,
        (os.urandom(before) + secret).hex().encode(),
        secret.hex().upper().encode(),
        base64.b64encode(os.urandom(before) + secret + os.urandom(5)),
        base64.urlsafe_b64encode(os.urandom(before) + secret),
        secret[::-1],
    ]
    for text in texts:
        assert any(item in text for item in spellings(secret)), text


def test_windows_are_telling_and_of_nobody_else() -> None:
    secret = os.urandom(500)
    pieces = windows(secret, unlike=[secret[:100]])
    assert pieces and all(len(item) == WINDOW and item in secret and item not in secret[:100] for item in pieces)
    assert windows(bytes(1000)) == []


def test_files_of_all_folders_below_are_searched(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "file").write_bytes(b"x" * 10_000 + b"needle" + b"y")
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to("/dev/zero")
    assert found({"it": [b"needle"], "not it": [b"noodle"]}, tmp_path) == [f"it in {tmp_path / 'deep' / 'er' / 'file'}"]


def test_nothing_to_look_for_is_a_mistake(tmp_path: Path) -> None:
    for nothing in ([], [b""]):
        with pytest.raises(AssertionError):
            found({"it": nothing}, tmp_path)
