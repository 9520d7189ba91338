"""What adversaries among the members do: to their data before training, or to their delta after it.

``copied`` is stronger than the protocol allows: updates are released together, so nobody sees another's in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.contribution.gram import norm
from orchestrator.data import Dataset
from orchestrator.errors import ConfigurationError

SCALE = 10.0
"""How much larger the ΔW of ``scaled`` is."""

Change = Callable[[AdapterDelta, Sequence[AdapterDelta], int], AdapterDelta]
"""From the delta as trained, the honest members' deltas of the round, and a seed."""


def label_flip(dataset: Dataset) -> Dataset:
    """Training labels the other way around; what it judges with stays clean."""
    labels = dataset.training.labels
    return replace(dataset, training=replace(dataset.training, labels=labels.max() - labels))


def scaled(delta: AdapterDelta, others: Sequence[AdapterDelta], seed: int) -> AdapterDelta:
    """ΔW ten times as large."""
    return times(delta, SCALE)


def sign_flip(delta: AdapterDelta, others: Sequence[AdapterDelta], seed: int) -> AdapterDelta:
    """−ΔW: a step uphill."""
    return times(delta, -1.0)


def noise(delta: AdapterDelta, others: Sequence[AdapterDelta], seed: int) -> AdapterDelta:
    """Gaussian factors and dense parts, as a whole as large as the delta was."""
    draw = torch.Generator().manual_seed(seed)

    def random(tensor: Tensor) -> Tensor:
        return torch.randn(tensor.shape, generator=draw, dtype=tensor.dtype)

    modules = {name: replace(low, a=random(low.a), b=random(low.b)) for name, low in sorted(delta.modules.items())}
    drawn = replace(delta, modules=modules, dense={name: random(part) for name, part in sorted(delta.dense.items())})
    return times(drawn, norm(delta) / norm(drawn))


def copied(delta: AdapterDelta, others: Sequence[AdapterDelta], seed: int) -> AdapterDelta:
    """An honest member's ΔW behind other factors: (B·Q)·(Qᵀ·A). With nobody to copy, the own delta."""
    if not others:
        return delta
    draw = torch.Generator().manual_seed(seed)
    victim = others[seed % len(others)]
    modules = {name: _turned(low, draw) for name, low in sorted(victim.modules.items())}
    return replace(victim, modules=modules)


def times(delta: AdapterDelta, factor: float) -> AdapterDelta:
    """ΔW multiplied by a number."""
    modules = {name: replace(low, b=low.b * factor) for name, low in delta.modules.items()}
    return replace(delta, modules=modules, dense={name: part * factor for name, part in delta.dense.items()})


def _turned(low: LowRank, draw: torch.Generator) -> LowRank:
    turn = torch.linalg.qr(torch.randn(low.rank, low.rank, generator=draw, dtype=torch.float64)).Q
    a, b = (turn.T @ low.a.double()).to(low.a.dtype), (low.b.double() @ turn).to(low.b.dtype)
    return replace(low, a=a.contiguous(), b=b.contiguous())


OF_DATA: Mapping[str, Callable[[Dataset], Dataset]] = {"label_flip": label_flip}
OF_DELTAS: Mapping[str, Change] = {"scaled": scaled, "sign_flip": sign_flip, "noise": noise, "copied": copied}
HONEST = "none"
ADVERSARIES = (HONEST, *OF_DATA, *OF_DELTAS)


def check_kind(kind: str) -> None:
    """Raises ConfigurationError: there is no such adversary."""
    if kind not in ADVERSARIES:
        raise ConfigurationError(f"unknown adversary {kind!r}", mend=f"choose one of {', '.join(ADVERSARIES)}")


def data_of(kind: str, dataset: Dataset) -> Dataset:
    """What a member of that kind trains and judges with."""
    check_kind(kind)
    return OF_DATA[kind](dataset) if kind in OF_DATA else dataset


def delta_of(kind: str, delta: AdapterDelta, others: Sequence[AdapterDelta], seed: int) -> AdapterDelta:
    """What a member of that kind sends."""
    check_kind(kind)
    return OF_DELTAS[kind](delta, others, seed) if kind in OF_DELTAS else delta
