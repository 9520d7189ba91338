"""CelebA, CelebA-HQ and MUFAC as the user has them in a folder. None is in a package, and none is fetched.

- CelebA (Liu and others, ICCV 2015): ``img_align_celeba/``, ``identity_CelebA.txt``, ``list_attr_celeba.txt``.
- CelebA-HQ (Karras and others, arXiv 1710.10196) as CelebAMask-HQ ships it: ``CelebA-HQ-img/``,
  ``CelebA-HQ-to-CelebA-mapping.txt``, ``CelebAMask-HQ-attribute-anno.txt``, and CelebA's ``identity_CelebA.txt``.
- MUFAC (Choi, Na, arXiv 2311.02240): ``train_images/`` and the like with ``custom_train_dataset.csv``; a person is a
  family and a member of it, as in ``F0001_AGE_D_18_a1.jpg``; the label is one of eight age classes.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from orchestrator.data.images.faces import Faces
from orchestrator.errors import ConfigurationError, DataError, EnvironmentMissing

AGES = ("0-6", "7-12", "13-19", "20-30", "31-45", "46-55", "56-66", "67-80")
PARTS = ("train", "val", "test")
_MUFAC = re.compile(r"(?P<family>F\d+)_AGE_(?P<member>[A-Z]+)_\d+_(?P<age>[a-h])\d+\.\w+")

Rows = dict[Path, tuple[str, Sequence[int] | int]]
"""Who is on a picture, and its attributes or its class."""


def load_faces(name: str, folder: Path, *, size: tuple[int, int] = (64, 64), most: int | None = None) -> Faces:
    """The pictures of a set.

    Args:
        name: of :data:`FACE_SETS`. size: height and width in pixels that pictures are brought to, in colour.
        most: people, those with the most pictures; None for all. CelebA has 10,177 people and 202,599 pictures.

    Raises:
        ConfigurationError: unknown set. DataError: a file is not there, or not what it should be.
        EnvironmentMissing: Pillow is not installed.
    """
    if name not in FACE_SETS:
        raise ConfigurationError(f"unknown set of faces {name!r}", mend=f"choose one of {', '.join(sorted(FACE_SETS))}")
    rows, names = FACE_SETS[name](folder)
    rows = _of_most(rows, most)
    numbers = {person: number for number, person in enumerate(sorted({person for person, _ in rows.values()}))}
    labels = torch.tensor([label for _, label in rows.values()])
    return Faces(
        torch.from_numpy(np.stack([_picture(path, size) for path in rows])),
        torch.tensor([numbers[person] for person, _ in rows.values()]),
        labels.float() if labels.ndim == 2 else labels,
        names,
    )


def _of_most(rows: Rows, most: int | None) -> Rows:
    if not rows:
        raise DataError("the set lists no pictures", mend="check the folder")
    if most is None:
        return rows
    counts = Counter(person for person, _ in rows.values())
    kept = set(sorted(counts, key=lambda person: (-counts[person], person))[:most])
    return {path: row for path, row in rows.items() if row[0] in kept}


def _celeba(folder: Path) -> tuple[Rows, tuple[str, ...]]:
    people = _identities(folder)
    names, attributes = _attributes(folder / "list_attr_celeba.txt")
    return {folder / "img_align_celeba" / file: (people[file], found) for file, found in attributes.items()}, names


def _celeba_hq(folder: Path) -> tuple[Rows, tuple[str, ...]]:
    people = _identities(folder)
    names, attributes = _attributes(folder / "CelebAMask-HQ-attribute-anno.txt")
    original = {}
    for line in _lines(folder / "CelebA-HQ-to-CelebA-mapping.txt")[1:]:
        own, _, *rest = line.split()
        original[f"{own}.jpg"] = rest[-1]
    return {
        folder / "CelebA-HQ-img" / file: (people[original[file]], found) for file, found in attributes.items()
    }, names


def _mufac(folder: Path) -> tuple[Rows, tuple[str, ...]]:
    rows: Rows = {}
    for part in PARTS:
        for row in csv.DictReader(_lines(folder / f"custom_{part}_dataset.csv")):
            file = row["image_path"]
            found = _MUFAC.fullmatch(Path(file).name)
            if found is None:
                raise DataError(f"{file} is no name of a MUFAC picture, as F0001_AGE_D_18_a1.jpg is")
            person = f"{found['family']} {found['member']}"
            rows[folder / f"{part}_images" / file] = (person, "abcdefgh".index(found["age"]))
    return rows, AGES


def _identities(folder: Path) -> Mapping[str, str]:
    return {line.split()[0]: line.split()[1].zfill(6) for line in _lines(folder / "identity_CelebA.txt")}


def _attributes(path: Path) -> tuple[tuple[str, ...], dict[str, list[int]]]:
    """A number of pictures, the names, then lines of a file and −1 or 1 for each name."""
    _, header, *rest = _lines(path)
    names = tuple(header.split())
    found = {line.split()[0]: [("-1", "1").index(value) for value in line.split()[1:]] for line in rest}
    if any(len(values) != len(names) for values in found.values()):
        raise DataError(f"{path} has a line without a value for each of {len(names)} attributes")
    return names, found


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}", mend="check the folder") from error


def _checked(reader: Callable[[Path], tuple[Rows, tuple[str, ...]]]) -> Callable[[Path], tuple[Rows, tuple[str, ...]]]:
    """What does not fit the format is told in one line."""

    def read(folder: Path) -> tuple[Rows, tuple[str, ...]]:
        try:
            return reader(folder)
        except (KeyError, ValueError, IndexError) as error:
            raise DataError(f"the lists in {folder} do not fit together: {error}", mend="check the folder") from error

    return read


def _picture(path: Path, size: tuple[int, int]) -> np.ndarray:
    """uint8 [3, height, width]."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise EnvironmentMissing(
            "reading pictures needs the package pillow", mend="install LoRAnchor with the extra privacy"
        ) from error
    try:
        with Image.open(path) as opened:
            whole = opened.convert("RGB").resize((size[1], size[0]), Image.Resampling.BOX)
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(f"{path} cannot be read as a picture: {error}", mend="check the folder") from error
    return np.ascontiguousarray(np.asarray(whole).transpose(2, 0, 1))


FACE_SETS = {"celeba": _checked(_celeba), "celeba-hq": _checked(_celeba_hq), "mufac": _checked(_mufac)}
