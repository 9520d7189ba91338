"""Rules taken out of the contracts one by one: the machines must notice, with the seeds under which they pass."""

from __future__ import annotations

import re

import pytest
from stateful.campaign import MUTATIONS, Mutation
from stateful.machine import Tally

BOUND = 1_000  # steps


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_is_caught(mutation: Mutation) -> None:
    tally = Tally()
    with pytest.raises(AssertionError) as caught:
        MUTATIONS[mutation].run(tally, mutation)
    assert re.search(mutation.symptom, str(caught.value)), f"caught for another reason: {caught.value}"
    assert tally.failed_at is not None and tally.failed_at <= BOUND, f"caught after {tally.failed_at} steps"
