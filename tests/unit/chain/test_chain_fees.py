"""What a transaction that waits is offered next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.chain.fees import FeePolicy, Fees, bumped, fees_for
from orchestrator.chain.memory import MemoryChain


@pytest.mark.parametrize(
    ("offered", "fresh", "cap", "expected"),
    [
        (
            {"maxFeePerGas": 100, "maxPriorityFeePerGas": 10},
            50,
            1000,
            {"maxFeePerGas": 120, "maxPriorityFeePerGas": 12},
        ),
        (
            {"maxFeePerGas": 100, "maxPriorityFeePerGas": 10},
            700,
            1000,
            {"maxFeePerGas": 700, "maxPriorityFeePerGas": 12},
        ),
        ({"maxFeePerGas": 100, "maxPriorityFeePerGas": 10}, 50, 115, {"maxFeePerGas": 115, "maxPriorityFeePerGas": 12}),
        ({"maxFeePerGas": 100, "maxPriorityFeePerGas": 10}, 50, 112, None),
        ({"gasPrice": 100}, 50, 1000, {"gasPrice": 120}),
        ({"gasPrice": 0}, 0, 1000, None),
    ],
)
def test_bumps(offered: dict[str, int], fresh: int, cap: int, expected: dict[str, int] | None) -> None:
    found = bumped(offered, Fees({"maxFeePerGas": fresh, "maxPriorityFeePerGas": 1}), FeePolicy(cap=cap))
    assert (found and {k: v for k, v in found.fields.items() if k != "type"}) == expected


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.integers(1, 10**13), st.floats(0, 100))
def test_a_bump_is_one_that_nodes_take_and_never_above_the_cap(fee: int, tip: int, cap: int, percent: float) -> None:
    offered = {"maxFeePerGas": fee, "maxPriorityFeePerGas": min(fee, tip)}
    found = bumped(offered, Fees({"maxFeePerGas": 1, "maxPriorityFeePerGas": 1}), FeePolicy(cap, percent))
    if found is None:
        assert fee * 1125 > (cap - 1) * 1000
        return
    new = found.fields
    assert fee * 1.125 <= new["maxFeePerGas"] <= cap
    assert min(fee, tip) * 1.125 <= new["maxPriorityFeePerGas"] <= new["maxFeePerGas"]


def test_the_first_price_is_capped_too() -> None:
    chain = MemoryChain()
    assert fees_for(chain, 2 * 10**9).fields["maxFeePerGas"] == 2 * 10**9
    assert fees_for(chain, 10**8).fields["maxPriorityFeePerGas"] == 10**8
