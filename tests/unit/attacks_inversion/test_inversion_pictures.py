"""PNG files and sheets, read back by other libraries."""

from __future__ import annotations

import base64
import io
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from orchestrator.attacks.inversion.pictures import Row, png, sheet
from orchestrator.errors import DataError

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_holds_the_pixels_to_a_byte(channels: int) -> None:
    pixels = torch.randint(0, 256, (channels, 5, 7), generator=torch.Generator().manual_seed(0))
    with Image.open(io.BytesIO(png(pixels.double() / 255))) as opened:
        assert opened.mode == ("L" if channels == 1 else "RGB")
        read = np.asarray(opened).reshape(5, 7, channels).transpose(2, 0, 1)
    assert np.array_equal(read, pixels.numpy())


def test_what_is_outside_is_cut_and_other_shapes_are_refused() -> None:
    with Image.open(io.BytesIO(png(torch.tensor([[[-1.0, 2.0]]])))) as opened:
        assert np.asarray(opened).tolist() == [[0, 255]]
    with pytest.raises(DataError, match="one or three channels"):
        png(torch.zeros(2, 4, 4))


def test_a_sheet_shows_every_picture_and_says_it_in_words() -> None:
    file = png(torch.zeros(1, 2, 2))
    root = ElementTree.fromstring(sheet("a < b", [Row("truth", [file, file]), Row("dlg & co", [file, None], ["0.50"])]))
    shown = [item.attrib["href"] for item in root.iter(f"{SVG}image")]
    assert len(shown) == 3 and all(base64.b64decode(item.partition(",")[2]) == file for item in shown)
    assert len(list(root.iter(f"{SVG}rect"))) == 1  # the one that there is not
    title, described = (root.find(f"{SVG}{name}") for name in ("title", "desc"))
    assert title is not None and title.text == "a < b"
    assert described is not None and described.text == "truth; dlg & co: 0.50"
