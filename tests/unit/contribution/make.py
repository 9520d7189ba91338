"""Small random deltas for tests."""

from __future__ import annotations

import torch

from orchestrator.contribution import AdapterDelta, DeltaRules, LowRank
from orchestrator.types import Digest

BASE = Digest("0x" + "ba" * 32)
PARENT = Digest("0x" + "0d" * 32)
SHAPES = {"h.0.q_proj.weight": (6, 5), "h.0.v_proj.weight": (3, 5), "score.weight": (2, 5), "norm.weight": (5,)}
RULES = DeltaRules(BASE, ("q_proj", "v_proj"), frozenset({2, 3, 4}), 16, False, ("score",))


def make_delta(
    seed: int = 0, *, rank: int = 2, dense: bool = True, dtype: torch.dtype = torch.float32, shapes: dict | None = None
) -> AdapterDelta:
    """A delta on every q_proj and v_proj of ``shapes`` and, if asked, on the score head."""
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator).to(dtype)

    modules, heads = {}, {}
    for name, shape in (shapes or SHAPES).items():
        if "_proj" in name:
            modules[name.removesuffix(".weight")] = LowRank(random(rank, shape[1]), random(shape[0], rank), 16)
        elif name.startswith("score") and dense:
            heads[name] = random(*shape)
    return AdapterDelta(BASE, PARENT, modules, heads)


def dense_form(delta: AdapterDelta) -> dict[str, torch.Tensor]:
    """ΔW by parameter in float64, the slow and plain way."""
    full = {f"{name}.weight": low.scale * (low.b.double() @ low.a.double()) for name, low in delta.modules.items()}
    return full | {name: tensor.double() for name, tensor in delta.dense.items()}
