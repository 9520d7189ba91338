"""Faces: who is on them, splits by person, ORL's files and attributes, and sets that the user has in a folder."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from orchestrator.data.images.face_folders import AGES, load_faces
from orchestrator.data.images.faces import Faces, split_people
from orchestrator.data.images.orl import ATTRIBUTES, HEADER, HEIGHT, TABLE, WIDTH, orl_faces, read_pgm, read_table
from orchestrator.errors import ConfigurationError, DataError

PEOPLE = torch.tensor([7, 7, 3, 3, 9])


def faces() -> Faces:
    pixels = torch.arange(5 * 16, dtype=torch.uint8).reshape(5, 1, 4, 4)
    return Faces(pixels, PEOPLE, torch.eye(5, 2), ("a", "b"))


def picture(seed: int, *, low: int = 0) -> np.ndarray:
    """A smooth picture, so that a row that is shifted shows."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (low + (rows / 3 + 40 * np.sin(columns / 9 + seed) + 60)).astype(np.uint8)


def test_pictures_of_some_people_and_of_the_others() -> None:
    assert faces().of([7, 9]).people.tolist() == [7, 7, 9]
    assert faces().without([7, 9]).people.tolist() == [3, 3]
    with pytest.raises(DataError):
        faces().of([1])


def test_what_does_not_belong_together_is_refused() -> None:
    whole = faces()
    with pytest.raises(DataError, match="belong together"):
        Faces(whole.pixels[:4], whole.people, whole.labels, whole.names)
    with pytest.raises(DataError, match="names of attributes"):
        Faces(whole.pixels, whole.people, whole.labels, ("a",))
    with pytest.raises(DataError, match="classes"):
        Faces(whole.pixels, whole.people, torch.arange(5), ("a", "b"))


def test_a_smaller_picture_has_means() -> None:
    small = faces().resized(2, 2)
    assert small.pixels[0, 0].tolist() == [[2, 4], [10, 12]]  # 2.5, 4.5, 10.5, 12.5 to even
    with pytest.raises(ConfigurationError):
        faces().resized(0, 2)


@settings(max_examples=25, deadline=None)
@given(st.integers(5, 60), st.integers(0, 1000))
def test_nobody_is_in_two_parts_and_everybody_in_one(count: int, seed: int) -> None:
    people = torch.arange(count).repeat_interleave(2) * 3
    parts = split_people(people, seed)
    assert sorted(parts.training + parts.validation + parts.test) == (torch.arange(count) * 3).tolist()
    assert parts == split_people(people.flip(0), seed)
    assert abs(len(parts.training) - 0.6 * count) <= 0.5


def test_splits_differ_by_seed_and_need_people() -> None:
    assert split_people(torch.arange(40), 1) != split_people(torch.arange(40), 2)
    with pytest.raises(DataError):
        split_people(PEOPLE[:2], 0)
    with pytest.raises(ConfigurationError):
        split_people(PEOPLE, 0, (0.5, 0.5, 0.5))


def test_a_change_of_line_ends_is_undone(tmp_path: Path) -> None:
    whole = picture(1)
    whole[50, :7] = 10
    plain = HEADER + whole.tobytes()
    for name, content in {"plain": plain, "changed": plain.replace(b"\n", b"\r\n")}.items():
        (tmp_path / name).write_bytes(content)
        assert np.array_equal(read_pgm(tmp_path / name), whole)


def test_a_pair_that_was_there_before_is_found(tmp_path: Path) -> None:
    whole = picture(2, low=20)
    for row in (20, 60, 90):
        whole[row, 5] = 10
    whole[60, 4] = 13
    changed = re.sub(rb"(?<!\r)\n", b"\r\n", HEADER + whole.tobytes())
    (tmp_path / "s").write_bytes(changed)
    assert np.array_equal(read_pgm(tmp_path / "s"), whole)


@pytest.mark.parametrize("content", [b"", HEADER, b"P6" + bytes(10_304), HEADER + bytes(10_305)])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(DataError, match="no binary PGM"):
        read_pgm(tmp_path / "s")


def test_a_folder_of_orl_faces_gets_the_attributes_of_the_table(tmp_path: Path) -> None:
    for person in range(1, 41):
        (tmp_path / f"s{person}").mkdir()
        for number in range(1, 11):
            (tmp_path / f"s{person}" / f"{number}.pgm").write_bytes(HEADER + bytes([person]) * (HEIGHT * WIDTH))
    found = orl_faces(tmp_path)
    assert found.pixels.shape == (400, 1, HEIGHT, WIDTH) and found.names == ATTRIBUTES
    assert torch.equal(found.pixels[:, 0, 0, 0].long(), found.people)
    assert found.labels[(2 - 1) * 10].tolist() == [1, 0, 1, 0, 0]  # s2/1: glasses, talking to the camera
    assert found.sure is not None and set(found.sure.unique().tolist()) == {0, 1, 2}
    with pytest.raises(DataError, match="check the folder"):
        orl_faces(tmp_path / "nowhere")


def test_the_header_of_the_table_counts_as_its_rows_do() -> None:
    values = read_table()
    sure = np.array([row[1] for row in values.values()])
    stated = re.findall(r"agree on (\d+) of 400 \(kappa [\d.]+\); both sure of (\d+)", TABLE.read_text("utf-8"))
    for place, (agreed, both) in enumerate(stated):
        disputed, certain = int((sure[:, place] == 0).sum()), int((sure[:, place] == 2).sum())
        later = disputed - (400 - int(agreed))  # decided by the look at restored pictures
        assert 0 <= later <= (27 if ATTRIBUTES[place] == "turned" else 0)
        assert int(both) - later <= certain <= int(both)
    assert len(stated) == len(ATTRIBUTES)


def test_a_table_that_lacks_a_picture_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("\n".join(TABLE.read_text("utf-8").splitlines()[:-1]))
    with pytest.raises(DataError, match="every picture once"):
        read_table(table)
    table.write_text(TABLE.read_text("utf-8").replace(",front,", ",behind,"))
    with pytest.raises(DataError, match="no table"):
        read_table(table)


def image(path: Path, grey: int) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (12, 16), (grey, grey, grey)).save(path)


ROWS = {"1": (12, "1 1"), "2": (3, "1 -1"), "3": (12, "-1 1"), "4": (5, "-1 -1")}
"""Of a picture, who it is and its attributes."""


def celeba(folder: Path, pictures: str, attributes: str, ending: str) -> None:
    for number in ROWS:
        image(folder / pictures / f"{number}.{ending}", 50 * int(number))
    lines = [f"{number}.{ending}  {values}" for number, (_, values) in ROWS.items()]
    (folder / attributes).write_text("\n".join([str(len(ROWS)), "Bald Smiling", *lines]))


def test_celeba(tmp_path: Path) -> None:
    celeba(tmp_path, "img_align_celeba", "list_attr_celeba.txt", "png")
    people = tmp_path / "identity_CelebA.txt"
    people.write_text("".join(f"{number}.png {person}\n" for number, (person, _) in ROWS.items()))
    found = load_faces("celeba", tmp_path, size=(8, 6))
    assert found.pixels.shape == (4, 3, 8, 6) and found.pixels[:, 0, 0, 0].tolist() == [50, 100, 150, 200]
    assert found.people.tolist() == [2, 0, 2, 1] and found.names == ("Bald", "Smiling")
    assert found.labels.tolist() == [[1, 1], [1, 0], [0, 1], [0, 0]]
    assert load_faces("celeba", tmp_path, size=(8, 6), most=1).people.tolist() == [0, 0]
    people.write_text("1.png 12\n")
    with pytest.raises(DataError, match="do not fit together"):
        load_faces("celeba", tmp_path)


def test_celeba_hq_takes_people_from_celeba(tmp_path: Path) -> None:
    celeba(tmp_path, "CelebA-HQ-img", "CelebAMask-HQ-attribute-anno.txt", "jpg")
    mapping = [f"{number} 77 00{number}.jpg" for number in ROWS]
    (tmp_path / "CelebA-HQ-to-CelebA-mapping.txt").write_text("\n".join(["idx orig_idx orig_file", *mapping]))
    lines = [f"00{number}.jpg {person}" for number, (person, _) in ROWS.items()]
    (tmp_path / "identity_CelebA.txt").write_text("\n".join(lines))
    found = load_faces("celeba-hq", tmp_path, size=(4, 4))
    assert found.people.tolist() == [2, 0, 2, 1] and found.labels.tolist() == [[1, 1], [1, 0], [0, 1], [0, 0]]
    (tmp_path / "CelebA-HQ-img" / "2.jpg").write_text("no picture")
    with pytest.raises(DataError, match="as a picture"):
        load_faces("celeba-hq", tmp_path)


def test_unknown_sets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="celeba"):
        load_faces("lfw", tmp_path)


def test_mufac(tmp_path: Path) -> None:
    names = {"train": ["F0001_AGE_D_18_a1.jpg", "F0001_AGE_M_44_e1.jpg"], "val": ["F0001_AGE_D_18_b2.jpg"], "test": []}
    for part, files in names.items():
        for file in files:
            image(tmp_path / f"{part}_images" / file, 90)
        (tmp_path / f"custom_{part}_dataset.csv").write_text("".join(f"{line}\n" for line in ["image_path", *files]))
    found = load_faces("mufac", tmp_path)
    assert found.people.tolist() == [0, 1, 0] and found.labels.tolist() == [0, 4, 1] and found.names == AGES
    (tmp_path / "custom_test_dataset.csv").write_text("image_path\nsomebody.jpg\n")
    with pytest.raises(DataError, match=r"somebody\.jpg"):
        load_faces("mufac", tmp_path)
