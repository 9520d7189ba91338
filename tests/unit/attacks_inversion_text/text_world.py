"""A tiny random Llama and a tiny random BERT with adapters, as victims of attacks on texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from orchestrator.attacks.inversion.text_victim import TextVictim
from orchestrator.lock_key import LockKey
from orchestrator.models.seeded import seeded_tensor
from orchestrator.models.tiny import tiny_llama
from orchestrator.privacy.keylock.lora import AdapterLock
from orchestrator.training import AdapterSettings
from orchestrator.training.adapter import attached

LENGTH = 10
TEXT = torch.tensor([[7, 7, 31, 200, 12, 90, 31, 154, 66, 5]])
BATCH = {"input_ids": TEXT, "labels": TEXT}
INSIDE = set(TEXT[0, :-1].tolist())
"""The last token is predicted and never read."""


@contextmanager
def victim(rank: int = 32, *, b: float = 0.05, strength: int = 0, model: Any = None) -> Iterator[TextVictim]:
    """A member with an adapter on q and v (query and value).

    Args:
        b: deviation of B; 0 leaves it zero. strength: of a lock, millionths; 0 for none. model: else the Llama.
    """
    made = tiny_llama("causal_lm", 2, 1) if model is None else model
    bert = hasattr(made, "bert")
    weights = dict(made.named_parameters())
    torch.manual_seed(3)
    settings = AdapterSettings(("query", "value") if bert else ("q_proj", "v_proj"), rank, rank)
    with attached(made, settings) as adapter:
        for _, factor in adapter.layers.values():
            torch.nn.init.normal_(factor, std=b)
        lock = AdapterLock.of(LockKey(1, b"\x05" * 32), strength, adapter.layers, weights) if strength else None
        yield TextVictim(adapter.model.eval(), adapter.layers, lock)


def tiny_bert() -> Any:
    """2 layers of width 64 over 200 tokens, random weights."""
    from transformers import BertConfig, BertForSequenceClassification

    make: Any = BertConfig
    model = BertForSequenceClassification(
        make(
            vocab_size=200,
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=32,
        )
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(seeded_tensor(1, name, tuple(parameter.shape)))
    return model.eval().requires_grad_(False)
