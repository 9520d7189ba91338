"""Patches of photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orchestrator.data.images.photographs import HALVED, NAMES, patches
from orchestrator.errors import DataError


def photograph(folder: Path, name: str, rows: int, columns: int) -> np.ndarray:
    """A picture of coloured squares, each of HALVED pixels, so that what it is made smaller to is known."""
    small = np.random.default_rng(len(name)).integers(0, 256, (rows, columns, 3)).astype(np.uint8)
    Image.fromarray(small.repeat(HALVED, 0).repeat(HALVED, 1)).save(folder / name)
    return small


def test_patches_are_cut_on_a_grid_and_named_by_their_photograph(tmp_path: Path) -> None:
    small = photograph(tmp_path, NAMES[1], 17, 25)
    found = patches([NAMES[1]], tmp_path, side=8)
    assert found.pixels.shape == (2 * 3, 3, 8, 8) and found.classes == len(NAMES)
    assert found.labels.tolist() == [1] * 6
    assert np.array_equal(found.pixels[4].numpy(), small[8:16, 8:16].transpose(2, 0, 1))


def test_they_overlap_where_that_is_asked_for(tmp_path: Path) -> None:
    small = photograph(tmp_path, NAMES[0], 16, 16)
    found = patches([NAMES[0]], tmp_path, side=8, every=4)
    assert len(found) == 9
    assert np.array_equal(found.pixels[1].numpy(), small[:8, 4:12].transpose(2, 0, 1))


def test_a_patch_that_shows_nothing_is_left_out(tmp_path: Path) -> None:
    Image.new("RGB", (48, 48), "grey").save(tmp_path / NAMES[0])
    with pytest.raises(DataError):
        patches([NAMES[0]], tmp_path, side=8)


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_what_is_no_photograph_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / NAMES[0]).write_bytes(content)
    with pytest.raises(DataError, match=r"tools\.fetch photographs"):
        patches([NAMES[0]], tmp_path)


def test_a_photograph_smaller_than_a_patch_is_refused(tmp_path: Path) -> None:
    photograph(tmp_path, NAMES[0], 7, 9)
    with pytest.raises(DataError, match="9×7 has no patch of 8"):
        patches([NAMES[0]], tmp_path, side=8)
