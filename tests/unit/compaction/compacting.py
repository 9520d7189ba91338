"""Contributions and the object that stands for them, for tests: ``from tests.unit.compaction.compacting import …``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from orchestrator.aggregation import Accumulator, FoldEntry, HeldSource, Source, Strategy, strategy_named
from orchestrator.compaction.exact import ExactSum
from orchestrator.contribution import AdapterDelta, LowRank, agreed_a, to_grid
from orchestrator.contribution.start import Frozen
from orchestrator.ledger.compactions import COMPACTION, WEIGHT
from orchestrator.types import Digest, UpdateId
from tests.unit.aggregation.make import NAMES, Little, contributions, shapes_of
from tests.unit.contribution.make import BASE, PARENT, make_delta

OBJECT = UpdateId("object")
SUBJECT = Digest("0x" + "5b" * 32)
SETTINGS: dict[str, dict[str, int | str]] = {
    "stack": {},
    "flexlora": {"rank": 3},
    "fedit": {},
    "ffa": {"fraction_bits": 16, "rule": "mean", "trim": 0},
}
"""By strategy that can be compacted."""


def strategy(name: str) -> Strategy:
    return strategy_named(name, **SETTINGS[name])


def deltas_for(name: str, rounds: int = 3) -> dict[UpdateId, AdapterDelta]:
    """Contributions such as members send under that strategy."""
    if name in ("stack", "flexlora"):
        return contributions(rounds)
    shapes = {key: shape for key, shape in shapes_of(Little()).items() if "proj" in key}
    made = {
        UpdateId(f"{number}-{member}"): make_delta(10 * number + place, rank=2, dense=False, shapes=shapes)
        for number in range(1, rounds + 1)
        for place, member in enumerate(NAMES[:3])
    }
    return made if name == "fedit" else {update: _agreed(delta) for update, delta in made.items()}


def _agreed(delta: AdapterDelta) -> AdapterDelta:
    modules = {
        module: LowRank(agreed_a(7, module, *low.a.shape), to_grid(module, low.b, 16), low.alpha)
        for module, low in delta.modules.items()
    }
    return AdapterDelta(BASE, PARENT, modules, {}, Frozen("a", 7))


def held(deltas: Mapping[UpdateId, AdapterDelta]) -> dict[UpdateId, Source]:
    return {update: HeldSource(delta) for update, delta in deltas.items()}


def exact_sum(deltas: Mapping[UpdateId, AdapterDelta], entries: Sequence[FoldEntry], name: str = "stack") -> ExactSum:
    return ExactSum(BASE, entries, held(deltas), strategy(name))


def object_entry(round_number: int) -> FoldEntry:
    """As a manifest's entry reaches the fold."""
    return FoldEntry(OBJECT, round_number, COMPACTION, WEIGHT)


def folded(
    deltas: Mapping[UpdateId, AdapterDelta], entries: Sequence[FoldEntry], name: str = "stack"
) -> dict[str, torch.Tensor]:
    """ΔW by parameter."""
    shapes = shapes_of(Little())
    adding = Accumulator(strategy(name), BASE, lambda key: torch.zeros(shapes[key]), torch.device("cpu"))
    adding.run(tuple(entries), deltas.__getitem__)
    return adding.sums


def difference(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> float:
    """Relative to ``other``, over all parameters."""
    assert one.keys() == other.keys()
    off = sum(float((one[name].double() - other[name].double()).square().sum()) for name in other)
    return float((off / sum(float(tensor.double().square().sum()) for tensor in other.values())) ** 0.5)
