"""Factors that all members make alike, and numbers on a grid."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import pytest
import torch

from orchestrator.aggregation.source import DeltaSource, MappedFile
from orchestrator.contribution import (
    AdapterDelta,
    ContributionRefused,
    Frozen,
    LowRank,
    Reason,
    Start,
    agreed_a,
    check,
    integers,
    parse,
    serialise,
    to_grid,
)
from orchestrator.contribution.layout import header_end, read_layout
from orchestrator.envelope import Context, generate_prekey, seal
from orchestrator.privacy import PrivacySettings
from orchestrator.privacy.protect import protect
from orchestrator.types import Address, OrganisationId
from tests.unit.contribution.make import BASE, PARENT, RULES, SHAPES, make_delta

BITS = 12
KNOWN = [
    [-0.2835334539413452, -0.5083892345428467, -0.3307293653488159],
    [-0.4407597780227661, -0.5399471521377563, -0.4704711437225342],
]
SIZES = {"whole": (302_144, 302_207), "seeded": (153_496, 153_559)}
"""Bytes of a delta, and sealed."""
DIGEST = "3c5370dc0e0fbc486555c8a3222c74042ded457a444542e31c8f5fa404eee096"


def seeded(seed: int = 7, rank: int = 2, bits: int = BITS) -> AdapterDelta:
    """A delta as FFA-LoRA has it."""
    delta = make_delta(1, rank=rank)
    modules = {
        name: LowRank(agreed_a(seed, name, *low.a.shape), to_grid(name, low.b, bits), 16)
        for name, low in delta.modules.items()
    }
    dense = {name: to_grid(name, tensor, bits) for name, tensor in delta.dense.items()}
    return AdapterDelta(BASE, PARENT, modules, dense, Frozen("a", seed))


def reason_of(delta: AdapterDelta, start: Start | None) -> Reason:
    with pytest.raises(ContributionRefused) as caught:
        check(delta, RULES, SHAPES, start=start)
    return caught.value.reason


def test_known_answers() -> None:
    """These bits are agreed on: whoever computes others is out of step with everybody."""
    found = agreed_a(7, "model.layers.0.self_attn.q_proj", 2, 3)
    assert found.tolist() == KNOWN
    stream = hashlib.shake_256(b"loranchor agreed factor 1/7/0/2x3/model.layers.0.self_attn.q_proj").digest(24)
    draws = [int.from_bytes(stream[4 * place : 4 * place + 4], "little") >> 8 for place in range(6)]
    plain = [((2 * draw + 1 - 2**24) * math.isqrt(2**46 // 3) >> 24) / 2**23 for draw in draws]
    assert found.flatten().tolist() == plain, "the documented rule in plain integers"
    digest = hashlib.sha256(agreed_a(1, "m", 16, 4096).numpy().astype("<f4").tobytes()).hexdigest()
    assert digest == DIGEST


def test_it_is_uniform_on_a_grid_within_the_bound_of_lora() -> None:
    found = agreed_a(3, "m", 64, 1024)
    assert torch.equal(found * 2**23, (found * 2**23).round())
    assert float(found.abs().max()) <= 1 / 32
    assert float(found.std()) == pytest.approx(1 / 32 / 3**0.5, rel=0.01)
    assert abs(float(found.mean())) < 0.0003
    others = [agreed_a(4, "m", 64, 1024), agreed_a(3, "n", 64, 1024), agreed_a(3, "m", 64, 1024, series=1)]
    for other in others:
        assert abs(float(torch.corrcoef(torch.stack([found.flatten(), other.flatten()]))[0, 1])) < 0.02


def test_what_is_kept_for_the_next_update_is_bounded() -> None:
    from orchestrator.contribution import agreed

    for number in range(12):
        agreed_a(number, "m", 512, 4096)
    assert sum(tensor.numel() for tensor in agreed._recent.values()) <= agreed.KEPT
    assert agreed_a(11, "m", 512, 4096) is agreed_a(11, "m", 512, 4096)


def test_a_seeded_factor_does_not_travel() -> None:
    delta = seeded()
    plain = replace(delta, frozen=None)
    data = serialise(delta)
    assert b'.a"' not in data and len(data) < len(serialise(plain))
    again = parse(data)
    assert again.frozen == Frozen("a", 7)
    assert serialise(again) == data
    for name, low in delta.modules.items():
        assert torch.equal(again.modules[name].a, low.a) and torch.equal(again.modules[name].b, low.b)


def test_half_of_a_sealed_update_stays_at_home() -> None:
    """MiniLM's queries and values at rank 8 with a head; docs/methods/strategies.md has these figures."""
    names = [f"bert.encoder.layer.{layer}.attention.self.{part}" for layer in range(6) for part in ("query", "value")]
    grid = torch.full((384, 8), 0.5)
    modules = {name: LowRank(agreed_a(7, name, 8, 384), grid, 16) for name in names}
    head = {"classifier.weight": torch.ones(2, 384), "classifier.bias": torch.ones(2)}
    whole = AdapterDelta(BASE, PARENT, modules, head)
    sizes = {}
    for name, delta in (("whole", whole), ("seeded", replace(whole, frozen=Frozen("a", 7)))):
        made = protect(delta, PrivacySettings(), samples=1)
        keys = {OrganisationId(owner): generate_prekey()[1] for owner in ("aurora", "borealis", "cumulus")}
        context = Context(1337, Address("0x" + "ab" * 20), 1, OrganisationId("aurora"))
        sizes[name] = len(made.payload), len(seal(made, context, keys)[0].payload)
    assert sizes == SIZES


def test_parts_of_it_are_read_like_those_of_any_other(tmp_path) -> None:
    delta = seeded()
    data = serialise(delta)
    layout = read_layout(data[8 : header_end(data[:8], len(data))], len(data))
    assert layout.outline.frozen == delta.frozen and all(low.a.is_meta for low in layout.outline.modules.values())
    (tmp_path / "delta").write_bytes(data)
    source = DeltaSource(MappedFile(tmp_path / "delta"))
    assert serialise(source.whole()) == data
    for name, low in delta.modules.items():
        found = source.low_rank(name)
        assert torch.equal(found.a, low.a) and torch.equal(found.b, low.b)
    source.close()


def test_a_factor_that_is_not_the_seeds_cannot_be_written() -> None:
    delta = seeded()
    with pytest.raises(ContributionRefused, match=r"WRONG_FACTOR: A of 'h.0.q_proj' is not the one of seed 8"):
        serialise(replace(delta, frozen=Frozen("a", 8)))


@pytest.mark.parametrize(
    "text",
    [
        b'{\\"factor\\":\\"b\\",\\"seed\\":7}',
        b'{\\"factor\\":\\"c\\",\\"seed\\":7}',
        b'{\\"factor\\":\\"a\\",\\"seed\\":-1}',
        b'{\\"factor\\":\\"a\\",\\"seed\\":1.0}',
        b'{\\"factor\\":\\"a\\",\\"seed\\":true}',
        b'{\\"factor\\":[],\\"seed\\":7}',
        b'{\\"seed\\":7}',
        b"[]",
        b"[" * 50_000,
        b"nothing",
    ],
)
def test_only_one_spelling_of_what_was_frozen(text: bytes) -> None:
    data = serialise(seeded())
    written = b'{\\"factor\\":\\"a\\",\\"seed\\":7}'
    (length,) = (int.from_bytes(data[:8], "little"),)
    header = data[8 : 8 + length].rstrip(b" ")
    assert header.count(written) == 1
    header = header.replace(written, text)
    header += b" " * (-len(header) % 8)
    with pytest.raises(ContributionRefused) as caught:
        parse(len(header).to_bytes(8, "little") + header + data[8 + length :])
    assert caught.value.reason == Reason.WRONG_FORMAT


@pytest.mark.parametrize("inputs", [b"0", b"-5", b"5.0", b"true", b"1099511627776", b"8388609", b"null"])
def test_a_seed_makes_nobody_make_more_than_the_limit(inputs: bytes) -> None:
    data = serialise(seeded())
    (length,) = (int.from_bytes(data[:8], "little"),)
    header = data[8 : 8 + length].rstrip(b" ").replace(b'\\"inputs\\":5', b'\\"inputs\\":' + inputs)
    header += b" " * (-len(header) % 8)
    with pytest.raises(ContributionRefused) as caught:
        parse(len(header).to_bytes(8, "little") + header + data[8 + length :])
    assert caught.value.reason == Reason.BAD_SHAPE


def test_the_grid() -> None:
    numbers = torch.tensor([0.3, -0.3, 1.5 / 256, 2.5 / 256, 0.0, -1e-9, 32767.996])
    found = to_grid("m", numbers, 8)
    assert found.tolist() == [77 / 256, -77 / 256, 2 / 256, 2 / 256, 0.0, 0.0, 32767.99609375]
    assert not torch.signbit(found[5])
    assert integers("m", found, 8).tolist() == [77, -77, 2, 2, 0, 0, (1 << 23) - 1]
    assert torch.equal(to_grid("m", found, 8), found)


@pytest.mark.parametrize("value", [32768.0, -32768.0, 3e38, float("inf"), float("nan")])
def test_what_does_not_fit_is_refused_before_it_leaves(value: float) -> None:
    for way in (to_grid, integers):
        with pytest.raises(ContributionRefused, match="not below 32768, where a grid of 2\\^-8 ends") as caught:
            way("m", torch.tensor([0.0, value]), 8)
        assert caught.value.reason == Reason.OVERFLOW


def test_what_is_off_the_grid_is_refused() -> None:
    with pytest.raises(ContributionRefused, match="'m' holds a number that is no multiple of 2\\^-8") as caught:
        integers("m", torch.tensor([0.5, 1 / 512]), 8)
    assert caught.value.reason == Reason.OFF_GRID


def test_every_integer_below_the_limit_survives_fp32() -> None:
    for bits in (8, 16, 23):
        units = torch.tensor([1, 2**23 - 1, 2**22 + 1, -(2**23 - 1)], dtype=torch.int32)
        assert torch.equal(integers("m", units.float() * 2.0**-bits, bits), units)


def test_updates_are_checked_against_the_agreed_start() -> None:
    start = Start({}, frozen=Frozen("a", 7), fraction_bits=BITS)
    good = seeded()
    assert check(good, RULES, SHAPES, start=start) > 0
    assert reason_of(good, None) == Reason.WRONG_FACTOR
    assert reason_of(make_delta(1), start) == Reason.WRONG_FACTOR
    assert reason_of(seeded(8), start) == Reason.WRONG_FACTOR
    assert reason_of(seeded(bits=BITS + 4), start) == Reason.OFF_GRID
    name, low = next(iter(good.modules.items()))
    large = {**good.modules, name: replace(low, b=torch.full_like(low.b, 2.0 ** (23 - BITS)))}
    assert reason_of(replace(good, modules=large), start) == Reason.OVERFLOW
    off = {"score.weight": torch.full((2, 5), 0.1)}
    assert reason_of(replace(good, dense=off), start) == Reason.OFF_GRID
    holed = {**good.modules, name: replace(low, b=torch.full_like(low.b, float("nan")))}
    assert reason_of(replace(good, modules=holed), start) == Reason.NOT_FINITE


@pytest.mark.parametrize("factor", ["a", "b"])
def test_a_frozen_factor_that_travels_is_compared_bit_by_bit(factor: str) -> None:
    delta = replace(make_delta(1), frozen=Frozen(factor))  # type: ignore[arg-type]
    agreed = {name: low.a if factor == "a" else low.b for name, low in delta.modules.items()}
    start = Start(agreed, {}, delta.frozen) if factor == "a" else Start({}, agreed, delta.frozen)
    again = parse(serialise(delta))
    assert check(again, RULES, SHAPES, start=start) > 0
    name = next(iter(agreed))
    other = {**agreed, name: torch.nextafter(agreed[name], torch.tensor(9.0))}
    start = Start(other, {}, delta.frozen) if factor == "a" else Start({}, other, delta.frozen)
    assert reason_of(again, start) == Reason.WRONG_FACTOR
    del other[name]
    assert reason_of(again, start) == Reason.WRONG_FACTOR
    low = delta.modules[name]
    half = replace(low, a=low.a.bfloat16(), b=low.b.bfloat16())
    rounded = Start({**agreed, name: half.a.float()}, {}, delta.frozen) if factor == "a" else None
    rounded = rounded or Start({}, {**agreed, name: half.b.float()}, delta.frozen)
    assert reason_of(replace(delta, modules={**delta.modules, name: half}), rounded) == Reason.WRONG_FACTOR, "by type"
