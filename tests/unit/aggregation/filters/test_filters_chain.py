"""Filters one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from torch import Tensor

from orchestrator.aggregation.filter import TOO_FEW, Candidate, Filter, FilterVerdict, screened
from orchestrator.aggregation.filters import filter_named
from orchestrator.types import MILLION, UpdateId
from tests.unit.aggregation.filters.points import candidates, gram_of

FAR = [[0.0, 1], [1, 0], [0, 0.9], [1.1, 0], [90, 90]]


class Says:
    """Refuses some, caps the others, and remembers what it was shown."""

    name = "says"

    def __init__(self, refuse: Sequence[str] = (), cap: int = MILLION) -> None:
        self.refuse, self.cap = refuse, cap
        self.seen: list[str] = []
        self.gram: Tensor | None = None

    def judge(self, candidates: Sequence[Candidate], gram: Tensor) -> Mapping[UpdateId, FilterVerdict]:
        self.seen, self.gram = [item.update_id for item in candidates], gram
        return {
            item.update_id: FilterVerdict(False, 0, "SAID_SO")
            if item.update_id in self.refuse
            else FilterVerdict(True, self.cap)
            for item in candidates
        }


def run(chain: Sequence[Filter], points: Sequence[Sequence[float]]) -> dict[UpdateId, FilterVerdict]:
    return screened(chain, candidates(len(points)), lambda: gram_of(points))


def test_a_later_one_sees_what_earlier_ones_accepted() -> None:
    first, second = Says(refuse=["1", "4"]), Says(refuse=["2"])
    found = run([first, second], FAR)
    assert first.seen == ["0", "1", "2", "3", "4"] and second.seen == ["0", "2", "3"]
    assert second.gram is not None and second.gram.tolist() == gram_of([FAR[0], FAR[2], FAR[3]]).tolist()
    assert [update_id for update_id, said in found.items() if said.accept] == ["0", "3"]
    assert found[UpdateId("1")] == FilterVerdict(False, 0, "SAID_SO")


def test_the_smallest_cap_counts() -> None:
    found = run([Says(cap=700_000), Says(cap=300_000), Says(cap=500_000)], FAR)
    assert {said.weight_cap for said in found.values()} == {300_000}


def test_a_refused_update_has_no_weight() -> None:
    assert run([Says(cap=700_000), Says(refuse=["0"])], FAR)[UpdateId("0")].weight_cap == 0


def test_the_order_is_the_tasks() -> None:
    """The distant update makes a median of lengths that nothing is clipped by only if it is there."""
    clip, far = filter_named("norm-clip", factor=MILLION), filter_named("median-distance", factor=3 * MILLION)
    lengths = [[1.0, 0], [0, 3], [5, 0], [0, 900]]
    assert run([clip, far], lengths)[UpdateId("1")].weight_cap == MILLION
    assert run([far, clip], lengths)[UpdateId("2")].weight_cap == 600_000
    assert run([far, clip], lengths)[UpdateId("3")].reason == "FAR_FROM_MOST"


@pytest.mark.parametrize("name, settings", [("multi-krum", {"hostile": 1}), ("median-distance", {"factor": MILLION})])
def test_too_few_are_rejected_under_a_code_of_their_own(name: str, settings: dict[str, int]) -> None:
    found = run([Says(refuse=["2"]), filter_named(name, **settings)], FAR[:3])
    assert [said.reason for said in found.values()] == [TOO_FEW, TOO_FEW, "SAID_SO"]
    assert not any(said.accept or said.weight_cap for said in found.values())


def test_nobody_left_is_no_fault() -> None:
    last = Says()
    found = run([Says(refuse=[str(place) for place in range(5)]), last], FAR)
    assert last.seen == [] and {said.reason for said in found.values()} == {"SAID_SO"}
    assert run([filter_named("multi-krum", hostile=1)], []) == {}


def test_without_filters_no_inner_product_is_computed() -> None:
    def never() -> Tensor:
        raise AssertionError("nobody asked for this matrix")

    assert screened([], candidates(2), never) == {item.update_id: FilterVerdict(True) for item in candidates(2)}
