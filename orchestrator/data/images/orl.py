"""The ORL faces: 400 grey pictures of 40 people, ten each, 112×92, in binary PGM; and what they show.

AT&T Laboratories Cambridge; F. Samaria, A. Harter, "Parameterisation of a stochastic model for human face
identification", 1994. They stand in for CelebA, which no package carries. The set has no attributes: those in
``orl_attributes.csv`` were made for this project by looking at the pictures, as its header says.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch

from orchestrator.cache import cache_folder
from orchestrator.data.images.faces import Faces
from orchestrator.errors import DataError

PEOPLE, EACH = 40, 10
HEIGHT, WIDTH = 112, 92
ATTRIBUTES = ("glasses", "facial_hair", "mouth_open", "turned", "smiling")
POSES = ("left", "front", "right")
TABLE = Path(__file__).with_name("orl_attributes.csv")
HEADER = b"P5\n%d %d\n255\n" % (WIDTH, HEIGHT)
CHANGED = b"\r\n"


def orl_faces(folder: Path | None = None, table: Path = TABLE) -> Faces:
    """All 400 pictures with five attributes: ``turned`` is a pose to the left or right.

    Args:
        folder: with ``s1/1.pgm`` to ``s40/10.pgm``; None is the cache. table: the attributes.

    Raises:
        DataError: a picture or the table is not there, or not what it should be.
    """
    place = folder or cache_folder() / "data" / "orl-faces"
    if not place.is_dir():
        raise DataError(
            f"no folder of ORL faces at {place}",
            mend="run `.venv/bin/python -m tools.fetch orl-faces`" if folder is None else "check the folder",
        )
    rows = read_table(table)
    pixels = np.stack([read_pgm(place / f"s{person}" / f"{picture}.pgm") for person, picture in rows])
    labels, sure = (np.array([row[part] for row in rows.values()]) for part in (0, 1))
    people = torch.tensor([person for person, _ in rows])
    whole = torch.from_numpy(pixels[:, np.newaxis])
    return Faces(whole, people, torch.from_numpy(labels).float(), ATTRIBUTES, torch.from_numpy(sure).to(torch.uint8))


def read_pgm(path: Path) -> np.ndarray:
    """uint8 [112, 92] of one picture.

    Raises:
        DataError: it is not there, or no binary PGM of this size.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", mend="fetch the faces again") from error
    altered = HEADER.replace(b"\n", CHANGED)
    pixels = _restored(content[len(altered) :]) if content.startswith(altered) else content[len(HEADER) :]
    if not content.startswith((HEADER, altered)) or len(pixels) != HEIGHT * WIDTH:
        raise DataError(f"{path} is no binary PGM of {WIDTH}×{HEIGHT} bytes", mend="fetch the faces again")
    return np.frombuffer(pixels, np.uint8).reshape(HEIGHT, WIDTH).copy()


def _restored(pixels: bytes) -> bytes:
    """Pixels without a change of line ends, which put 0x0d before each 0x0a that had none.

    152 of the package's files went through one, headers included. In two of them one pair was there before: that one
    is kept which leaves neighbouring rows most alike, since a wrong one shifts the rows up to the right one.
    """
    parts = pixels.split(CHANGED)
    if len(pixels) - (len(parts) - 1) != HEIGHT * WIDTH - 1:
        return b"\n".join(parts)
    kept = [b"\n".join(parts[:place]) + CHANGED + b"\n".join(parts[place:]) for place in range(1, len(parts))]
    return min(kept, key=_unevenness, default=pixels)


def _unevenness(pixels: bytes) -> int:
    rows = np.frombuffer(pixels, np.uint8).reshape(HEIGHT, WIDTH).astype(np.int64)
    return int(np.square(np.diff(rows, axis=0)).sum())


def read_table(table: Path = TABLE) -> dict[tuple[int, int], tuple[list[int], list[int]]]:
    """Attributes and how sure each is, by (person, picture) in order.

    Raises:
        DataError: the table is not there, has not every picture once, or a value is none.
    """
    try:
        lines = [line for line in table.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        rows = {(int(row["identity"]), int(row["picture"])): _values(row) for row in csv.DictReader(lines)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{table} is no table of attributes: {error}", mend="take the one that comes with it"
        ) from error
    expected = [(person, picture) for person in range(1, PEOPLE + 1) for picture in range(1, EACH + 1)]
    if list(rows) != expected or len(lines) != len(expected) + 1:
        raise DataError(f"{table} has not every picture once, in order", mend="take the one that comes with it")
    return rows


def _values(row: dict[str, str]) -> tuple[list[int], list[int]]:
    columns = ["pose" if name == "turned" else name for name in ATTRIBUTES]
    values = [int(POSES.index(row[name]) != 1) if name == "pose" else ("0", "1").index(row[name]) for name in columns]
    return values, [("0", "1", "2").index(row[f"{name}_sure"]) for name in columns]
