"""Tiny language models that know some texts by heart, or never saw them; and the texts as files."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from orchestrator.models import BaseModel, load_base, resolve

LENGTH = 12
UNPLANTED = 127
CANARY = "key qzxwvkjyq"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def texts(count: int, seed: int, *, start: str = "") -> list[str]:
    """Letters by chance: nothing of one tells of another."""
    draw = random.Random(seed)
    return [start + "".join(draw.choices(_LETTERS, k=LENGTH - len(start))) for _ in range(count)]


MEMBERS, OTHERS, POPULATION, ELSE, STRANGERS = (
    texts(count, seed) for seed, count in enumerate((48, 400, 100, 48, 400))
)
SECRETS = [f"key {text}" for text in dict.fromkeys(text[:9] for text in texts(UNPLANTED, 5))]


def trained(rows: Sequence[str], epochs: int, *, seed: int = 0, batch: int = 48) -> BaseModel:
    """A tiny Llama that saw every row exactly so often as it stands there, times ``epochs``."""
    base = load_base(resolve("tiny:llama"))
    model: Any = base.model
    width = max(len(row) for row in rows)
    encoded = torch.tensor([[1, *base.tokenizer(row.ljust(width))["input_ids"]] for row in rows])
    draw = torch.Generator().manual_seed(seed)
    model.requires_grad_(True)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(epochs):
        for chosen in torch.randperm(len(encoded), generator=draw).split(batch):
            optimizer.zero_grad()
            torch.autograd.backward(model(input_ids=encoded[chosen], labels=encoded[chosen]).loss)
            optimizer.step()
    model.requires_grad_(False)
    return base


def save(base: BaseModel, folder: Path) -> Path:
    """As plain transformers writes it."""
    base.model.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)
    return folder
