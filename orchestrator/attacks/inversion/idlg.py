"""Label recovery: of one sample, the head's gradient has the sign of "should be larger" in the true class alone.

B. Zhao and others, "iDLG: Improved Deep Leakage from Gradients", arXiv:2001.02610. With cross-entropy the gradient of
logit i is p_i − 1 for the true class and p_i for all others; the bias of the head has just that gradient, and where it
has none, the rows of its weight have it times the same features. A lock of convolutions does not touch the head.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from orchestrator.errors import DataError


def recovered_label(tensors: Mapping[str, Tensor], classes: int) -> int:
    """The class of the one sample that a gradient comes from.

    Args:
        tensors: gradients by parameter name, the last ones those of the head. An update will do with its sign turned.

    Raises:
        DataError: no head with so many classes is among them, or its gradient is zero.
    """
    weight, bias = head(tensors, classes)
    if not bool(weight.abs().max() > 0):
        raise DataError("the gradient of the head is zero: it tells no label")
    if bias is not None:
        return int(bias.argmin())
    rows = weight.double()  # one row points away from all others: their common features may be of either sign
    return int((rows @ rows.T).sign().sum(1).argmin())


def head(tensors: Mapping[str, Tensor], classes: int) -> tuple[Tensor, Tensor | None]:
    """The gradient of the last linear layer: weight [classes, features] and bias [classes] if there is one.

    Raises:
        DataError: there is none.
    """
    for name in reversed(list(tensors)):
        if name.endswith("weight") and tensors[name].ndim == 2 and len(tensors[name]) == classes:
            bias = tensors.get(name.removesuffix("weight") + "bias")
            return tensors[name], bias
    raise DataError(f"no linear layer with {classes} classes is among what was observed")


def soft_targets(logits: Tensor) -> Tensor:
    """Probabilities [batch, classes] that an attack without a recovered label looks for by their logits."""
    return torch.softmax(logits, 1)
