"""What the tests of the KeyDirectory share."""

from __future__ import annotations

import pytest


@pytest.fixture
def keys(private):
    return private.keys
