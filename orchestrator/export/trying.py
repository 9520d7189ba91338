"""A try of the folded model: a causal model goes on with a text, a classifier says what it thinks of it."""

from __future__ import annotations

from typing import Any

import torch

from orchestrator.errors import ConfigurationError
from orchestrator.models import BaseModel


def check(max_tokens: int, temperature: float) -> None:
    """Raises ConfigurationError: no such number of tokens, or no such temperature."""
    if max_tokens < 1:
        raise ConfigurationError(f"{max_tokens} tokens are none", mend="give --max-tokens 1 or more")
    if not 0 <= temperature < float("inf"):
        raise ConfigurationError(f"there is no temperature {temperature}", mend="give 0 for greedy, or a number above")


def continuation(base: BaseModel, prompt: str, *, max_tokens: int, temperature: float = 0.0, seed: int = 0) -> str:
    """What the model writes after ``prompt``.

    Args:
        temperature: 0 takes the likeliest token each time. seed: of what is drawn above 0.

    Raises:
        ConfigurationError: the prompt has no token, or more than the model can read.
    """
    tokens = _tokens(base, prompt)
    limit = getattr(base.model.config, "max_position_embeddings", None)
    if limit is not None and tokens["input_ids"].shape[1] + max_tokens > limit:
        raise ConfigurationError(
            f"the prompt has {tokens['input_ids'].shape[1]} tokens; with {max_tokens} more that is over {limit}",
            mend="shorten it, or lower --max-tokens",
        )
    generator = torch.Generator(device=base.device).manual_seed(seed)
    end, past, step = _ends(base), None, tokens["input_ids"]
    written: list[int] = []
    with torch.no_grad():
        for _ in range(max_tokens):
            out = base.model(input_ids=step, past_key_values=past, use_cache=True)
            past, chosen = out.past_key_values, _chosen(out.logits[0, -1], temperature, generator)
            if chosen in end:
                break
            written.append(chosen)
            step = torch.tensor([[chosen]], device=base.device)
    return str(base.tokenizer.decode(written, skip_special_tokens=True))


def probabilities(base: BaseModel, text: str) -> dict[str, float]:
    """What a classifier thinks of a text: label → probability, the likeliest first."""
    tokens = _tokens(base, text, truncation=True, max_length=base.model.config.max_position_embeddings)
    with torch.no_grad():
        found = base.model(**tokens).logits[0].float().softmax(dim=-1)
    labels = base.model.config.id2label
    pairs = [(str(labels[place]), float(value)) for place, value in enumerate(found)]
    return dict(sorted(pairs, key=lambda item: -item[1]))


def _tokens(base: BaseModel, text: str, **options: Any) -> dict[str, torch.Tensor]:
    tokens = base.tokenizer(text, return_tensors="pt", **options)
    if not tokens["input_ids"].shape[1]:
        raise ConfigurationError("the prompt is empty", mend="give --prompt TEXT")
    return {name: tokens[name].to(base.device) for name in ("input_ids", "attention_mask")}


def _ends(base: BaseModel) -> set[int]:
    known = getattr(base.model.generation_config, "eos_token_id", None) or base.tokenizer.eos_token_id
    return set(known) if isinstance(known, list) else {known}


def _chosen(scores: torch.Tensor, temperature: float, generator: torch.Generator) -> int:
    if not temperature:
        return int(scores.argmax())
    return int(torch.multinomial((scores.double() / temperature).softmax(dim=-1), 1, generator=generator))
