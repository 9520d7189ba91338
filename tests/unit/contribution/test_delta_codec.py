"""The delta format: canonical, readable by safetensors, and refused in every other form."""

from __future__ import annotations

import io
import json
import pickle
import struct
import time

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.contribution import ContributionRefused, Limits, Reason, parse, serialise
from tests.unit.contribution.make import BASE, PARENT, make_delta


def refusal(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(ContributionRefused) as caught:
        parse(data, limits)
    return caught.value.reason


def rewritten(data: bytes, change) -> bytes:
    """The file with its header changed by a function."""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


@given(seed=st.integers(0, 999), rank=st.integers(1, 5), dense=st.booleans(), half=st.booleans())
@settings(max_examples=30, deadline=None)
def test_round_trip(seed: int, rank: int, dense: bool, half: bool) -> None:
    delta = make_delta(seed, rank=rank, dense=dense, dtype=torch.bfloat16 if half else torch.float32)
    data = serialise(delta)
    again = parse(data)
    assert serialise(again) == data
    assert (again.base, again.parent_manifest) == (BASE, PARENT)
    assert again.modules.keys() == delta.modules.keys()
    for name, low in delta.modules.items():
        assert torch.equal(again.modules[name].a, low.a)
        assert torch.equal(again.modules[name].b, low.b)
        assert again.modules[name].scale == low.scale


def test_order_of_modules_does_not_matter() -> None:
    delta = make_delta()
    turned = type(delta)(delta.base, delta.parent_manifest, dict(reversed(delta.modules.items())), delta.dense)
    assert serialise(turned) == serialise(delta)


def test_mixed_types_in_one_delta() -> None:
    whole, half = make_delta(1, dense=False), make_delta(1, rank=3, dtype=torch.bfloat16)
    mixed = type(whole)(BASE, PARENT, whole.modules, half.dense)
    assert serialise(parse(serialise(mixed))) == serialise(mixed)


def test_plain_safetensors_reads_it() -> None:
    delta = make_delta()
    tensors = safetensors.torch.load(serialise(delta))
    assert torch.equal(tensors["low_rank.h.0.q_proj.a"], delta.modules["h.0.q_proj"].a)
    assert torch.equal(tensors["dense.score.weight"], delta.dense["score.weight"])


def test_pickles_are_named_and_never_opened() -> None:
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(1)}, buffer)
    for data in (buffer.getvalue(), pickle.dumps({"a": 1})):
        assert refusal(data) is Reason.NOT_SAFETENSORS


def test_other_float_types_are_not_written() -> None:
    with pytest.raises(ContributionRefused, match="float16"):
        serialise(make_delta(dtype=torch.float16))


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 100, -1, -4])
def test_truncated(cut: int) -> None:
    data = serialise(make_delta())
    assert refusal(data[:cut]) in (Reason.NOT_SAFETENSORS, Reason.WRONG_FORMAT)


@given(data=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_noise_is_refused(data: bytes) -> None:
    refusal(data)


@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_a_changed_byte_is_refused_or_another_delta(position: int, value: int) -> None:
    data = bytearray(serialise(make_delta()))
    data[position % len(data)] = value
    try:
        again = parse(bytes(data))
    except ContributionRefused:
        return
    assert serialise(again) == bytes(data)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda h: h.pop("__metadata__"), Reason.WRONG_FORMAT),
        (lambda h: h["__metadata__"].update(version="2"), Reason.WRONG_FORMAT),
        (lambda h: h["__metadata__"].update(format="pt"), Reason.WRONG_FORMAT),
        (lambda h: h["__metadata__"].update(extra="x"), Reason.WRONG_FORMAT),
        (lambda h: h["__metadata__"].update(modules="[]"), Reason.NOT_SAFETENSORS),
        (lambda h: h["__metadata__"].update(modules='{"x":{"alpha":1.5,"rslora":false}}'), Reason.WRONG_FORMAT),
        (lambda h: h["__metadata__"].update(modules='{"x":{"alpha":1,"rslora":false}}'), Reason.BAD_SHAPE),
        (lambda h: h["__metadata__"].update(modules="{}"), Reason.WRONG_FORMAT),
        (lambda h: h["dense.score.weight"].update(dtype="F64"), Reason.WRONG_FORMAT),
        (lambda h: h["dense.score.weight"].update(shape=[-2, -5]), Reason.WRONG_FORMAT),
        (lambda h: h["dense.score.weight"].update(shape=[2, 1 << 50]), Reason.WRONG_FORMAT),
        (lambda h: h["dense.score.weight"].update(shape="ab"), Reason.WRONG_FORMAT),
        (lambda h: h["dense.score.weight"].update(data_offsets=[0, 1 << 39]), Reason.WRONG_FORMAT),
        (lambda h: h["dense.score.weight"].update(data_offsets=[1, 41]), Reason.WRONG_FORMAT),
        (lambda h: h["dense.score.weight"].update(data_offsets=[4, 44]), Reason.WRONG_FORMAT),
        (lambda h: h.update({"dense.score.weight": 3}), Reason.WRONG_FORMAT),
    ],
)
def test_malformed_headers(change, reason: Reason) -> None:
    assert refusal(rewritten(serialise(make_delta()), change)) is reason


@pytest.mark.parametrize("alpha", ["0", "-16", "1" + "0" * 400, "9007199254740992"])
def test_an_alpha_that_no_task_has(alpha: str) -> None:
    """One beyond a float's range would end whoever asks for the scale."""
    table = f'{{"h.0.q_proj":{{"alpha":{alpha},"rslora":false}},"h.0.v_proj":{{"alpha":16,"rslora":false}}}}'
    data = rewritten(serialise(make_delta()), lambda header: header["__metadata__"].update(modules=table))
    assert refusal(data) is Reason.WRONG_FORMAT


def test_a_seeded_module_whose_name_is_no_text() -> None:
    table = '{"\\ud800":{"alpha":16,"inputs":5,"rslora":false}}'
    metadata = {"base": BASE, "format": "loranchor/delta", "frozen": '{"factor":"a","seed":7}', "modules": table}
    tensors = {"low_rank.\ud800.b": {"data_offsets": [0, 48], "dtype": "F32", "shape": [6, 2]}}
    header = {"__metadata__": {**metadata, "parent_manifest": PARENT, "version": "1"}, **tensors}
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    assert refusal(struct.pack("<Q", len(text)) + text + bytes(48)) is Reason.WRONG_FORMAT


def test_a_shape_of_many_numbers_is_not_multiplied_out() -> None:
    shape = [(1 << 40) - 1] * 300_000
    data = rewritten(serialise(make_delta()), lambda header: header["dense.score.weight"].update(shape=shape))
    start = time.process_time()
    assert refusal(data) is Reason.WRONG_FORMAT
    assert time.process_time() - start < 5


def test_limits_come_first() -> None:
    data = serialise(make_delta())
    assert refusal(data, Limits(max_bytes=10)) is Reason.TOO_LARGE
    assert refusal(data, Limits(max_header=10)) is Reason.TOO_LARGE
    assert refusal(data, Limits(max_tensors=1)) is Reason.TOO_LARGE


def test_bytes_after_the_end() -> None:
    assert refusal(serialise(make_delta()) + b"\0\0\0\0") is Reason.WRONG_FORMAT


def test_deep_json_is_refused() -> None:
    text = b'{"a":' * 100_000
    assert refusal(struct.pack("<Q", len(text)) + text) is Reason.NOT_SAFETENSORS


@pytest.mark.parametrize("key", ["modules", "base", "parent_manifest"])
def test_text_that_is_not_unicode_is_refused_as_the_rest(key: str) -> None:
    """JSON can write half a surrogate pair; a member that sends one must not stop those who read it."""
    data = rewritten(serialise(make_delta(0)), lambda header: header["__metadata__"].update({key: "\ud800"}))
    if key == "modules":
        assert refusal(data) is Reason.NOT_SAFETENSORS
    else:
        assert getattr(parse(data), key) == "\ud800"
