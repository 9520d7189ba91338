"""What an attacker can compute of a language model with an adapter: what its first two layers' adapters read.

Base weights, A and B are known to every member. Of a Llama-like model the first layer's adapters read norm(embedding),
whatever the position, since positions enter by rotation after q; of a BERT-like one they read an embedding of token and
position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from orchestrator.errors import DataError
from orchestrator.privacy.keylock.lora import AdapterLock, Pair

Layers = Mapping[str, tuple[nn.Parameter, nn.Parameter]]
"""A [rank, inputs] and B [outputs, rank] by module."""


class _Reached(Exception):
    """Carries what a module was about to read, out of a forward pass that need not go on."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.values = values


@dataclass(frozen=True)
class TextView:
    """A model as an attacker runs it.

    Attributes:
        model: with its adapters. layers: of it, A and B by module, in the model's order.
        lock: what the attacker takes the member's lock to be; None for none.
    """

    model: Any
    layers: Layers
    lock: AdapterLock | None = field(default=None, repr=False)

    @property
    def positional(self) -> bool:
        """Whether what the first layer reads depends on the position."""
        return hasattr(self._core, "embeddings")

    def modules(self, depth: int) -> list[str]:
        """Adapted modules of a layer that read its norm's output; layers count from 0.

        Raises:
            DataError: the layer has none.
        """
        found = [name for name in self.layers if f"layers.{depth}." in name or f"encoder.layer.{depth}." in name]
        if not found:
            raise DataError(f"layer {depth} has no adapter to attack", mend="adapt q_proj, or query")
        return found

    @torch.no_grad()
    def first_inputs(self, position: int = 0) -> Tensor:
        """What the first layer's norm hands on for every token of the vocabulary, [vocabulary, d]."""
        core = self._core
        if not self.positional:
            found: Tensor = core.layers[0].input_layernorm(core.embed_tokens.weight)
            return found
        parts = core.embeddings
        shared = parts.position_embeddings.weight[position] + parts.token_type_embeddings.weight[0]
        normed: Tensor = parts.LayerNorm(parts.word_embeddings.weight + shared)
        return normed

    @torch.no_grad()
    def second_inputs(self, prefix: Sequence[int], candidates: Sequence[int]) -> Tensor:
        """What the second layer's norm hands on at the place of each candidate after a prefix, [candidates, d].

        Args:
            prefix: tokens, may be empty. candidates: tokens that could come next.
        """
        from transformers import DynamicCache

        cache = DynamicCache()
        if prefix:
            self._second([list(prefix)], cache)
            cache.batch_repeat_interleave(len(candidates))
        return self._second([[token] for token in candidates], cache)[:, -1]

    def _second(self, rows: Sequence[Sequence[int]], cache: Any) -> Tensor:
        """The second layer's normed inputs [rows, length, d], and keys and values of the first in the cache."""
        core = self._core
        device = next(iter(self.model.parameters())).device
        handle = core.layers[1].input_layernorm.register_forward_hook(_stop)
        try:
            with self._locked():
                core(input_ids=torch.tensor(rows, device=device), past_key_values=cache, use_cache=True)
        except _Reached as reached:
            return reached.values
        finally:
            handle.remove()
        raise DataError("the model has no second layer", mend="attack a deeper model")

    def locked(self, module: str, inputs: Tensor) -> Tensor:
        """What the adapter of a module reads of a norm's output [..., d]."""
        if self.lock is None:
            return inputs
        scale, shift = self.pair(module)
        return torch.addcmul(shift.to(inputs.dtype), inputs, scale.to(inputs.dtype))

    def pair(self, module: str) -> Pair:
        """γ and β of a module.

        Raises:
            DataError: the attacker has no lock for it.
        """
        if self.lock is None or module not in self.lock.pairs:
            raise DataError(f"no lock of {module} is known")
        return self.lock.pairs[module]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self.lock is None:
            yield
        else:
            with self.lock.on_inputs(self.model):
                yield

    @property
    def _core(self) -> Any:
        """The transformer below heads and wrappers.

        Raises:
            DataError: it is neither like Llama nor like BERT.
        """
        for module in self.model.modules():
            if hasattr(module, "embed_tokens") and hasattr(module, "layers"):
                return module
            if hasattr(module, "embeddings") and hasattr(module, "encoder"):
                return module
        raise DataError("the attacked model is neither like Llama nor like BERT")


def _stop(module: nn.Module, given: Any, output: Tensor) -> None:
    raise _Reached(output.detach())
