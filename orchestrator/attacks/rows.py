"""Batches cut into rows and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import DataError

if TYPE_CHECKING:
    from orchestrator.unlearning.subject import Batch

IGNORED = -100
"""The label of a token that is not to be predicted."""


def row_count(batch: Batch) -> int:
    """Samples of a batch."""
    return int(batch["labels"].shape[0])


def cut(batch: Batch, rows: int) -> Batch:
    """The first ``rows`` samples; all where there are fewer."""
    return {name: tensor[:rows] for name, tensor in batch.items()}


def single_rows(batches: Sequence[Batch]) -> list[Batch]:
    """Each sample as a batch of its own."""
    return [
        {name: tensor[row : row + 1] for name, tensor in batch.items()}
        for batch in batches
        for row in range(row_count(batch))
    ]


def joined(batches: Sequence[Batch], padding: int = 0) -> Batch:
    """Batches below each other; shorter token rows are filled up at their end.

    Args:
        padding: token that fills ``input_ids`` up; masks are filled with 0, labels of tokens with :data:`IGNORED`.

    Raises:
        DataError: they do not hold the same tensors, or rows of other shapes than token rows differ.
    """
    if any(batch.keys() != batches[0].keys() for batch in batches):
        raise DataError("retained and forgotten samples do not have the same parts", mend="prepare both the same way")
    filler = {"input_ids": padding, "labels": IGNORED}
    return {name: _joined(name, [batch[name] for batch in batches], filler.get(name, 0)) for name in batches[0]}


def _joined(name: str, tensors: Sequence[Tensor], filler: int) -> Tensor:
    if tensors[0].ndim == 2 and len({tensor.shape[1] for tensor in tensors}) > 1:
        width = max(tensor.shape[1] for tensor in tensors)
        tensors = [functional.pad(tensor, (0, width - tensor.shape[1]), value=filler) for tensor in tensors]
    if len({tensor.shape[1:] for tensor in tensors}) > 1:
        raise DataError(f"samples differ in the shape of {name}", mend="prepare all data the same way")
    return torch.cat(list(tensors))
