"""`loranchor daemon run` with nothing to do, on real chains: what it holds of the machine's memory and processor."""

from __future__ import annotations

import pytest

from benchmarks.round.idle import MOST_CPU, MOST_RSS, idle


@pytest.mark.slow
def test_a_daemon_at_rest_is_modest() -> None:
    found = idle(30.0)
    assert found["rss"] <= MOST_RSS, f"{found['rss'] / 1e6:.0f} MB resident"
    assert found["share"] < MOST_CPU, f"{found['share']:.2%} of a core"
