"""A base model in memory, and the digest that names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from orchestrator.types import Digest

Kind = Literal["causal_lm", "classifier"]

_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


@dataclass(slots=True)
class BaseModel:
    """The one base model of a process.

    Attributes:
        model: a transformers model without trainable parameters; folds and training change its weights in place.
        tokenizer: the model's tokenizer.
        digest: SHA-256 over every tensor of the untouched base, task head included.
        kind: what it predicts. architecture: name of the transformers class.
    """

    model: Any
    tokenizer: Any
    digest: Digest
    kind: Kind
    architecture: str

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name: what :func:`orchestrator.contribution.check` compares with."""
        return {name: tuple(parameter.shape) for name, parameter in self.model.named_parameters()}

    @property
    def device(self) -> torch.device:
        return torch.device(next(iter(self.model.parameters())).device)


def tensors_digest(tensors: Iterable[tuple[str, Tensor]]) -> Digest:
    """SHA-256 over tensors in the order of their names: for each its name, type and shape as JSON, then its bytes.

    Args:
        tensors: (name, tensor) pairs, already in the order of their names; read one at a time.
    """
    total = hashlib.sha256(b"loranchor tensors 1\n")
    for name, tensor in tensors:
        head = json.dumps([name, _NAMES[tensor.dtype], list(tensor.shape)], separators=(",", ":")).encode()
        total.update(len(head).to_bytes(8, "big") + head)
        if tensor.numel():
            total.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return Digest("0x" + total.hexdigest())


def state_digest(model: nn.Module) -> Digest:
    """Digest of a model as it is now, fold included: equal digests mean equal bits in every tensor."""
    return tensors_digest(sorted(model.state_dict().items()))
