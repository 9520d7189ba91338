"""The outline of a delta is that of the parsed one, and refuses what parsing refuses."""

from __future__ import annotations

import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.contribution import ContributionRefused, Limits, parse, serialise
from orchestrator.contribution.layout import PREFIX, Layout, header_end, read_layout
from tests.unit.contribution.make import make_delta


def layout_of(data: bytes, limits: Limits | None = None) -> Layout:
    end = header_end(data[:PREFIX], len(data), limits)
    return read_layout(data[PREFIX:end], len(data), limits)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_spans_hold_the_tensors(dtype: torch.dtype) -> None:
    delta = make_delta(3, dtype=dtype)
    data = serialise(delta)
    layout = layout_of(data)
    assert layout.outline.base == delta.base
    assert layout.outline.modules.keys() == delta.modules.keys()
    for name, low in delta.modules.items():
        for part, tensor in (("a", low.a), ("b", low.b)):
            span = layout.spans[f"low_rank.{name}.{part}"]
            found = torch.frombuffer(bytearray(data[span.start : span.end]), dtype=span.dtype).view(span.shape)
            assert torch.equal(found, tensor)
        assert layout.outline.modules[name].scale == low.scale
    assert layout.spans["dense.score.weight"].shape == tuple(delta.dense["score.weight"].shape)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_it_refuses_what_parsing_refuses(data: st.DataObject) -> None:
    """A byte changed in the header: either both read it, or neither."""
    whole = bytearray(serialise(make_delta(3)))
    end = header_end(bytes(whole[:PREFIX]), len(whole))
    whole[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    changed, outcomes = bytes(whole), []
    for read in (parse, layout_of):
        try:
            read(changed)
            outcomes.append(True)
        except ContributionRefused:
            outcomes.append(False)
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("cut", [1, 40, 100_000])
def test_a_file_cut_short(cut: int) -> None:
    data = serialise(make_delta(3))
    with pytest.raises(ContributionRefused):
        layout_of(data[: max(len(data) - cut, 0)])


def test_limits_and_pickles() -> None:
    data = serialise(make_delta(3))
    for limits in (Limits(max_bytes=10), Limits(max_header=10), Limits(max_tensors=1)):
        with pytest.raises(ContributionRefused, match="TOO_LARGE"):
            layout_of(data, limits)
    with pytest.raises(ContributionRefused, match="pickle"):
        layout_of(b"\x80\x05" + data)
    with pytest.raises(ContributionRefused, match="no safetensors"):
        layout_of(b"abc")


def test_a_shape_beyond_the_file_is_refused_before_it_is_multiplied_out() -> None:
    header = b'{"x":{"data_offsets":[0,4],"dtype":"F32","shape":[1099511627775,1099511627775,1099511627775]}}'
    data = struct.pack("<Q", len(header)) + header + bytes(4)
    with pytest.raises(ContributionRefused):
        layout_of(data)
