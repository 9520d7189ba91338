"""``stack``, the default: ΔW = [w₁s₁B₁ w₂s₂B₂ …]·[A₁; A₂; …], exact for any ranks.

Z. Wang and others, "FLoRA: Federated Fine-Tuning Large Language Models with Heterogeneous Low-Rank Adaptations",
NeurIPS 2024, arXiv:2409.05976. Members start the next round from base + ΔW, so nothing is lost between rounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch

from orchestrator.aggregation.entries import FoldEntry
from orchestrator.aggregation.strategy import Block, Product, Strategy, ends_round, register
from orchestrator.ledger.compactions import COMPACTION

STACK_COLUMNS = 1024
"""A stack of at least so many columns is multiplied out: part of the fold's version."""


class Stack:
    """See the module."""

    name = "stack"
    version = 1
    exact = True
    settings: ClassVar[Mapping[str, int | str]] = {}

    def closes(self, group: Sequence[FoldEntry], columns: int, following: FoldEntry | None) -> bool:
        """At the end of a round, or after the contribution with which it reaches :data:`STACK_COLUMNS`."""
        return columns >= STACK_COLUMNS or ends_round(group, following)

    def combine(self, module: str, blocks: Sequence[Block]) -> Product:
        return stacked(blocks)


def stacked(blocks: Sequence[Block]) -> Product:
    """The blocks side by side in fp32, weights and scales in the left factor. One block is read at a time."""
    (outputs, inputs), columns = blocks[0].shape, sum(block.rank for block in blocks)
    low = blocks[0].load()
    left = torch.empty((outputs, columns), dtype=torch.float32, device=low.b.device)
    right = torch.empty((columns, inputs), dtype=torch.float32, device=low.a.device)
    start = 0
    for place, block in enumerate(blocks):
        low = low if place == 0 else block.load()
        end = start + block.rank
        # first to fp32, then scaled: a bf16 factor would be rounded otherwise
        left[:, start:end].copy_(low.b).mul_(block.factor)
        right[start:end].copy_(low.a)
        start = end
    return Product(left, right)


def combined(strategy: Strategy, module: str, blocks: Sequence[Block]) -> Product:
    """What a group adds to a module: the strategy's product, or just the sum that a compaction holds."""
    return stacked(blocks) if blocks[0].organisation == COMPACTION else strategy.combine(module, blocks)


register(Stack.name, Stack)
