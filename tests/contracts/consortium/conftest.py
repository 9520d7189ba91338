"""What the tests of the Consortium share."""

from __future__ import annotations

import pytest
from contract_support import party


@pytest.fixture(scope="module")
def newcomer():
    return party("dorado")
