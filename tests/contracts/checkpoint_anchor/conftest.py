"""What the tests of the CheckpointAnchor share."""

from __future__ import annotations

import pytest
from checkpoints import successor


@pytest.fixture
def delegates(parties):
    return [one.delegate for one in parties]


@pytest.fixture
def first(anchor, consortium):
    """An honest first checkpoint."""
    return successor(anchor, consortium)
