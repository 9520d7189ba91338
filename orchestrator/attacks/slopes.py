"""Gradients at the input embeddings of a text model: where searches for tokens begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor


def slopes(model: Any, texts: Mapping[str, Tensor], of: Callable[[Tensor], Tensor]) -> Tensor:
    """Gradient of a number made of the logits, at the embeddings of each token.

    The model gets tokens, not embeddings: some find the end of a text by the padding token.

    Args:
        model: of transformers. texts: ``input_ids`` and ``attention_mask``, [texts, length].
        of: from logits [texts, classes] to one number.

    Returns:
        [texts, length, width].
    """
    kept: list[Tensor] = []

    def keep(module: Any, given: Any, embedded: Tensor) -> Tensor:
        kept.append(embedded.detach().requires_grad_())
        return kept[0]

    hook = model.get_input_embeddings().register_forward_hook(keep)
    try:
        with torch.enable_grad():
            (found,) = torch.autograd.grad(of(model(**texts).logits), kept)
    finally:
        hook.remove()
    slope: Tensor = found
    return slope
