"""Batches of images: normalised, shuffled and moved about as the seed says, wherever they are made."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from orchestrator.data.images import Pictures, Scale, endless, in_order
from orchestrator.errors import DataError
from tests.unit.data.image_files import pictures_of


def pictures(count: int = 12) -> Pictures:
    pixels, labels = pictures_of(count, 0, size=8 if count < 5 else 28)
    return Pictures.of(pixels[:, None], labels, 10)


def test_normalised_pixels_have_mean_0_and_deviation_1() -> None:
    held = pictures()
    values = Scale.of(held).applied(held.pixels)
    assert values.dtype == torch.float32
    assert float(values.mean()) == pytest.approx(0, abs=1e-5)
    assert float(values.std(unbiased=False)) == pytest.approx(1, abs=1e-4)


def test_an_image_of_one_colour_is_no_division_by_zero() -> None:
    flat = Pictures(torch.full((2, 3, 4, 4), 7, dtype=torch.uint8), torch.tensor([0, 1]), 2)
    assert torch.isfinite(Scale.of(flat).applied(flat.pixels)).all()


def test_every_image_once_in_each_pass_and_no_batch_is_short() -> None:
    held = pictures(12)
    marked = Pictures(held.pixels, torch.arange(12), 12)
    drawn = list(islice(endless(marked, Scale.of(held), 5)(3), 12))
    assert {len(batch["labels"]) for batch in drawn} == {5}
    order = torch.cat([batch["labels"] for batch in drawn]).tolist()
    for start in range(0, 60, 12):
        assert sorted(order[start : start + 12]) == list(range(12))
    assert order[:12] != order[12:24]


def test_the_seed_decides_everything() -> None:
    held, scale = pictures(), Scale.of(pictures())
    make = endless(held, scale, 4, mirrored=True, shifted=True)

    def drawn(seed: int) -> torch.Tensor:
        return torch.cat([batch["pixel_values"] for batch in islice(make(seed), 6)])

    assert torch.equal(drawn(1), drawn(1)) and not torch.equal(drawn(1), drawn(2))


def test_fewer_images_than_a_batch_are_a_batch() -> None:
    batch = next(endless(pictures().at([0, 1]), Scale.of(pictures()), 64)(0))
    assert tuple(batch["pixel_values"].shape) == (2, 1, 28, 28)
    with pytest.raises(DataError, match="no images"):
        endless(pictures().at([]), Scale.of(pictures()), 4)


def test_mirrored_images_are_there_both_ways() -> None:
    held, scale = pictures(4), Scale.of(pictures(4))
    found = {False: 0, True: 0}
    for batch in islice(endless(held, scale, 4, mirrored=True)(0), 8):
        plain = scale.applied(held.pixels[batch["labels"]])
        for own, other in zip(batch["pixel_values"], plain, strict=True):
            turned = torch.equal(own, other.flip(-1))
            assert turned or torch.equal(own, other)
            found[turned] += 1
    assert found[True] and found[False]


def test_shifted_images_are_moved_by_at_most_four_pixels() -> None:
    pixels = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    pixels[0, :, 8, 8] = 200
    held = Pictures(pixels, torch.tensor([0]), 1)
    scale = Scale((0.0,) * 3, (1.0,) * 3)
    places = set()
    for batch in islice(endless(held, scale, 1, shifted=True)(0), 60):
        assert tuple(batch["pixel_values"].shape) == (1, 3, 16, 16)
        channels, rows, columns = batch["pixel_values"][0].nonzero(as_tuple=True)
        assert channels.tolist() == [0, 1, 2] and len(set(rows.tolist())) == len(set(columns.tolist())) == 1
        places.add((int(rows[0]) - 8, int(columns[0]) - 8))
    assert all(abs(step) <= 4 for place in places for step in place) and len(places) > 20


def test_in_order_each_image_once() -> None:
    held = pictures(12)
    found = list(in_order(held, Scale.of(held), 5))
    assert [len(batch["labels"]) for batch in found] == [5, 5, 2]
    assert torch.cat([batch["labels"] for batch in found]).tolist() == held.labels.tolist()


def test_parts_of_a_set() -> None:
    held = pictures(12)
    assert held.without([0, 11]).labels.tolist() == held.labels[1:11].tolist()
    drawn = held.first(5, seed=1)
    assert len(drawn) == 5 and torch.equal(drawn.pixels, held.first(5, seed=1).pixels)
    assert len(held.first(100, seed=1)) == 12
