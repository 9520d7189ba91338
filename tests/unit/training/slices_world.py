"""A small language model of four layers, and samples that can be told apart."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from orchestrator.contribution import serialise
from orchestrator.models.seeded import seeded_tensor
from orchestrator.samples import sample_id
from orchestrator.training import AdapterSettings, TrainingSettings
from orchestrator.training.slice_plan import Stage, planned
from orchestrator.training.slices import SlicedOutcome, train_slices
from orchestrator.types import ZERO_DIGEST, Digest

ADAPTER = AdapterSettings(("q_proj", "v_proj"), rank=2, alpha=16)
HEADED = AdapterSettings(("q_proj", "v_proj"), rank=2, alpha=16, dense=("score",))
IDENTITY = Digest("0x" + "12" * 32)
SETTINGS = TrainingSettings(steps=8, batch=2, length=8, learning_rate_nano=10_000_000)
TEXTS = [f"text {number}" for number in range(16)]
IDS = [sample_id(text) for text in TEXTS]


def small_llama(kind: str = "causal_lm") -> Any:
    """Four layers of width 16 with dropout, so that random numbers matter."""
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

    make: Any = LlamaConfig
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2}
    settings = make(
        vocab_size=40, num_key_value_heads=2, max_position_embeddings=16, attention_dropout=0.2, pad_token_id=0, **sizes
    )
    settings._attn_implementation = "eager"
    model = (LlamaForCausalLM if kind == "causal_lm" else LlamaForSequenceClassification)(settings)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(seeded_tensor(1, name, tuple(parameter.shape)))
    return model.requires_grad_(False).eval()


class Data:
    """Each sample is a row that follows from its id alone. ``seen``: every id that a batch was made of."""

    def __init__(self, kind: str = "causal_lm") -> None:
        self._classes, self.seen = kind != "causal_lm", set[Digest]()

    def __call__(self, samples: Sequence[Digest], steps: int, seed: int) -> Iterator[dict[str, torch.Tensor]]:
        draw = random.Random(seed)
        for _ in range(steps):
            chosen = [draw.choice(samples) for _ in range(SETTINGS.batch)]
            self.seen.update(chosen)
            tokens = torch.tensor([[2 + byte % 38 for byte in bytes.fromhex(item[2:18])] for item in chosen])
            labels = (tokens[:, 0] > 20).long() if self._classes else tokens
            yield {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": labels}


def modules_of(model: Any) -> list[str]:
    return [name for name, _ in model.named_modules() if name.endswith(ADAPTER.modules)]


def stages_of(model: Any, samples: Sequence[Digest] = IDS, slices: int = 4, seed: int = 3) -> tuple[Stage, ...]:
    return planned(
        modules_of(model),
        {item: item for item in samples},
        slices=slices,
        steps=SETTINGS.steps,
        seed=seed,
        assignment=6,
        identity=IDENTITY,
    )


def sliced(
    model: Any, stages: Sequence[Stage], data: Data | None = None, adapter: AdapterSettings = ADAPTER, **rest: Any
) -> SlicedOutcome:
    rest = {"base": ZERO_DIGEST, "parent_manifest": ZERO_DIGEST, **rest}
    return train_slices(model, stages, data or Data(), adapter, SETTINGS, **rest)


def bits(found: SlicedOutcome) -> bytes:
    """All bits that would travel."""
    return serialise(found.outcome.delta)
