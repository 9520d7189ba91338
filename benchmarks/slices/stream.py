"""What a stream of deletion requests costs, in steps: the product's own plan of slices, no training.

Several kept orders are S3T's (ICLR 2025): the same slices are trained in other orders, too, so that a slice that comes
late in one of them costs little there. After a request the order that needs the fewest steps is trained to its end; the
others are cut off before the slice that was hit, and wait.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.harness import Configuration, Figures
from orchestrator.samples import sample_id
from orchestrator.training.settings import derived_seed
from orchestrator.training.slice_plan import shares_of, slice_of

STEPS = 240
"""Of one training; a multiple of every number of slices."""
SAMPLES = 2_000

Order = tuple[int, ...]
"""Slices, from 1, in the order of training."""


@dataclass
class Orders:
    """Trainings of the same slices in different orders. ``whole``: of each, how many stages are valid.

    ``spent``: steps so far, without those of the first training in the first order, which full retraining needs, too.
    """

    orders: Sequence[Order]
    shares: Sequence[int]
    spent: int = 0
    whole: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.whole = [len(self.shares)] * len(self.orders)
        self.spent = sum(self.shares) * (len(self.orders) - 1)

    def hit(self, slices: Sequence[int]) -> None:
        """Withdraw something of each of these slices at once, and make one order whole again."""
        self.cut(slices)
        chosen = min(range(len(self.orders)), key=lambda place: (self.missing(place), place))
        self.spent += self.missing(chosen)
        self.whole[chosen] = len(self.shares)

    def cut(self, slices: Sequence[int]) -> None:
        """Leave of each order what comes before these slices."""
        for place, order in enumerate(self.orders):
            self.whole[place] = min(self.whole[place], *(order.index(number) for number in slices))

    def missing(self, place: int) -> int:
        return sum(self.shares[self.whole[place] :])


def kept_orders(slices: int, count: int) -> tuple[Order, ...]:
    """So many orders, chosen greedily (S3T matches slices and places): each order begins with the slices that stood
    furthest back in those before, where a place counts twice what the next one does."""
    ahead = dict.fromkeys(range(1, slices + 1), 0)
    orders: list[Order] = []
    while len(orders) < count:
        order = tuple(sorted(ahead, key=lambda number: (ahead[number], number)))
        for place, number in enumerate(order):
            ahead[number] += 1 << (slices - place)
        orders.append(order)
    return tuple(orders)


def requests(seed: int, slices: int, count: int) -> Iterator[int]:
    """The slice of each withdrawn sample; the same samples whatever the number of slices."""
    texts = random.Random(f"slices/{seed}").sample(range(SAMPLES), count)
    assignment = derived_seed(seed, "slices")
    return (slice_of(sample_id(f"sample {number}"), slices, assignment) for number in texts)


def expected(slices: int, together: int = 1) -> float:
    """Closed form: steps to be trained again when so many random samples go at once, with one order.

    Stage k is trained again unless all of them are of later slices: Σ share_k·(1 − (1 − k/S)^b); for one sample and
    even shares T·(S + 1)/(2·S).
    """
    shares = shares_of(STEPS, slices)
    return sum(share * (1 - (1 - place / slices) ** together) for place, share in enumerate(shares, start=1))


def streamed(cell: Configuration) -> Figures:
    """One cell: all requests of a stream, served in groups of ``together``."""
    slices, count, together = cell["slices"], cell["requests"], cell["together"]
    hits = list(requests(cell["seed"], slices, count))
    groups = [hits[first : first + together] for first in range(0, count, together)]
    several = {
        f"{kept} orders": _served(kept_orders(slices, kept), slices, groups) for kept in (1, 2, 4) if kept <= slices
    }
    full = STEPS * len(groups)
    alive = {f"alive {kept}": _alive(kept_orders(slices, kept), hits) for kept in (1, 2, 4) if kept <= slices}
    return {"full": full, "expected": expected(slices, together) * len(groups), **several, **alive}


def _served(orders: Sequence[Order], slices: int, groups: Sequence[Sequence[int]]) -> int:
    made = Orders(orders, shares_of(STEPS, slices))
    for group in groups:
        made.hit(group)
    return made.spent


def _alive(orders: Sequence[Order], hits: Sequence[int]) -> int:
    """Requests that are served by cutting off alone, until no order has a stage left: nothing is trained again."""
    made = Orders(orders, [1] * len(orders[0]))
    for served, number in enumerate(hits):
        made.cut([number])
        if not any(made.whole):
            return served
    return len(hits)
