"""Shares and their intervals."""

from __future__ import annotations

import pytest

from orchestrator.attacks.shares import share_of
from orchestrator.errors import DataError


def test_wilsons_interval_of_known_shares() -> None:
    none, half, all_ = share_of(0, 10), share_of(5, 10), share_of(10, 10)
    assert (none.low, none.high) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert (half.low, half.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert all_.high == 1.0 and all_.low == pytest.approx(0.7225, abs=1e-4)
    assert str(half) == "0.500 [0.237, 0.763]"
    assert half.document()["count"] == 10


@pytest.mark.parametrize(("some", "count"), [(0, 0), (2, 1), (-1, 3)])
def test_no_share_of_nothing(some: int, count: int) -> None:
    with pytest.raises(DataError, match="no share"):
        share_of(some, count)
