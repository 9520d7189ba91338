"""Hardening noise: golden bits, a second implementation of the generator, windows, and the shape of the bell."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from orchestrator.errors import ConfigurationError
from orchestrator.hardening import MOST_SIGMA_NANO, noise, sigma_nano_of

REQUEST = "0x" + "ab" * 32
WEIGHT = "model.layers.0.self_attn.q_proj.weight"
NANO = 20_000_000
MASK = (1 << 64) - 1

# float32 bits; a change of any of them is a new method, never a new value here
GOLDEN = [3173861994, 952726064, 1017229530, 1021484571, 3157101132, 1026351357, 1012495783, 1010229504]
GOLDEN_SHA256 = "6e6c2eed2761cdc2fd39a434a7faad387ce5596a8996dfe32552524a66022cb4"


def bits(values: np.ndarray) -> list[int]:
    return [int(value) for value in values.view(np.uint32)]


def philox(counter: int, key: int) -> list[int]:
    """Philox 4x64-10 after Salmon et al. (2011), in Python's integers."""
    words = [(counter >> 64 * place) & MASK for place in range(4)]
    keys = [key & MASK, key >> 64]
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * words[0], 0xCA5A826395121157 * words[2]
        words = [
            (second >> 64) ^ words[1] ^ keys[0],
            second & MASK,
            (first >> 64) ^ words[3] ^ keys[1],
            first & MASK,
        ]
        keys = [(keys[0] + 0x9E3779B97F4A7C15) & MASK, (keys[1] + 0xBB67AE8584CAA73B) & MASK]
    return words


def by_hand(seed: str, name: str, place: int, sigma_nano: int) -> np.float32:
    """One number, from the definition."""
    text = json.dumps(["loranchor hardening 1", "weight-distortion", seed, name], separators=(",", ":"))
    key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    words = philox(1 + place // 2, key)[2 * (place % 2) :][:2]
    parts = [(word >> shift) & 0xFFFF for word in words for shift in (0, 16, 32, 48)]
    deviation = (8 * (2**32 - 1) / 12) ** 0.5
    return np.float32(sum(parts) - 8 * 65535 // 2) * np.float32(sigma_nano / (1e9 * deviation))


def test_golden_bits() -> None:
    assert bits(noise(REQUEST, WEIGHT, 0, 8, NANO)) == GOLDEN
    whole = noise(REQUEST, WEIGHT, 0, 100_000, NANO)
    assert hashlib.sha256(whole.astype("<f4").tobytes()).hexdigest() == GOLDEN_SHA256


@pytest.mark.parametrize("place", [0, 1, 2, 7, 32_767, 32_768, 99_999, 2**40 + 1])
def test_a_number_follows_from_its_place_alone(place: int) -> None:
    assert noise(REQUEST, WEIGHT, place, 1, NANO)[0] == by_hand(REQUEST, WEIGHT, place, NANO)


@settings(max_examples=40, deadline=None)
@given(some.integers(0, 70_000), some.integers(0, 300), some.text(max_size=20))
def test_any_window_alone(first: int, count: int, name: str) -> None:
    whole = noise("7", name, 0, first + count, NANO)
    assert bits(noise("7", name, first, count, NANO)) == bits(whole[first:])


def test_seeds_names_and_deviations_tell_apart() -> None:
    one = noise("1", "a", 0, 64, NANO)
    assert not np.array_equal(one, noise("2", "a", 0, 64, NANO))
    assert not np.array_equal(one, noise("1", "b", 0, 64, NANO))
    assert np.allclose(2 * one, noise("1", "a", 0, 64, 2 * NANO), rtol=1e-6)


def test_the_bell() -> None:
    drawn = noise("1", "a", 0, 400_000, 1_000_000_000).astype(np.float64)
    assert abs(drawn.mean()) < 5e-3
    assert abs(drawn.std() - 1) < 5e-3
    assert abs((drawn**4).mean() - (3 - 1.2 / 8)) < 5e-2  # Irwin–Hall of eight
    assert 4 < abs(drawn).max() < 4.9
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 5e-3
    assert drawn.dtype == np.float64 and noise("1", "a", 0, 3, NANO).dtype == np.float32


@pytest.mark.parametrize("sigma_nano", [0, -1, MOST_SIGMA_NANO + 1, True])
def test_deviations_out_of_bounds(sigma_nano: int) -> None:
    with pytest.raises(ConfigurationError, match="sigma of the noise"):
        noise("1", "a", 0, 1, sigma_nano)


def test_places_out_of_bounds() -> None:
    for first, count in ((-1, 1), (0, -1)):
        with pytest.raises(ConfigurationError, match="count from 0"):
            noise("1", "a", first, count, NANO)


def test_a_deviation_in_integers() -> None:
    assert sigma_nano_of(0.02) == NANO
    for wrong in (float("nan"), float("inf"), 0.0, -1.0, 1e-10):
        with pytest.raises(ConfigurationError):
            sigma_nano_of(wrong)
