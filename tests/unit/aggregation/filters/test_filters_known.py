"""The filters that a task may name are those that there are, and each can be made at the bounds of its settings."""

from __future__ import annotations

from itertools import product

import pytest

from orchestrator.aggregation.filters import filter_named, filters
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.methods import FILTERS, Whole


def test_the_ledgers_filters_are_the_registered_ones() -> None:
    assert tuple(sorted(FILTERS)) == filters()


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_each_is_made_at_its_bounds(name: str) -> None:
    bounds = []
    for kind in FILTERS[name].values():
        assert isinstance(kind, Whole)
        bounds.append((kind.least, kind.most))
    for values in product(*bounds):
        assert filter_named(name, **dict(zip(FILTERS[name], values, strict=True))).name == name


def test_an_unknown_name_or_setting_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="unknown filter"):
        filter_named("magic")
    with pytest.raises(ConfigurationError, match="no such setting"):
        filter_named("multi-krum", colour="red")
