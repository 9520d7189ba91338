"""Two changes of one model as one: exact, or cut to a rank that a task allows."""

from __future__ import annotations

from dataclasses import replace

import torch

from orchestrator.contribution.delta import AdapterDelta, LowRank


def joined(first: AdapterDelta, second: AdapterDelta) -> AdapterDelta:
    """The sum of two changes, exactly: factors lie side by side, so ranks add up, and dense parts are added.

    Args:
        first: any change of the same base. second: names base and parent of the result.
    """
    modules = {**first.modules, **second.modules}
    for name in first.modules.keys() & second.modules.keys():
        modules[name] = _side_by_side(first.modules[name], second.modules[name])
    dense = {**first.dense, **second.dense}
    for name in first.dense.keys() & second.dense.keys():
        dense[name] = first.dense[name] + second.dense[name]
    return replace(second, modules=modules, dense=dense)


def rescaled(low: LowRank, alpha: int, rslora: bool) -> LowRank:
    """The same change under another scale."""
    other = LowRank(low.a, low.b, alpha, rslora)
    return replace(other, b=low.b * (low.scale / other.scale))


def _side_by_side(first: LowRank, second: LowRank) -> LowRank:
    a = torch.cat([first.a, second.a])
    b = torch.cat([first.b * first.scale, second.b * second.scale], dim=1)
    both = LowRank(a, b, second.alpha, second.rslora)  # of a rank of its own, and so of a scale of its own
    return replace(both, b=b / both.scale)
