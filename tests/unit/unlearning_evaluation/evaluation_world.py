"""Tiny models that know, or never knew, some texts; their folders; and the texts as files."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from orchestrator.models import BaseModel, load_base, resolve

LENGTH = 14
Labelled = tuple[str, int]


def known_by_rule(letters: str, count: int, seed: int) -> list[Labelled]:
    """The first letter is the label: what every model here learns."""
    draw = random.Random(seed)
    first = [draw.choice("ab") for _ in range(count)]
    return [(one + "".join(draw.choices(letters, k=8)), int(one == "b")) for one in first]


def known_by_heart(letters: str, count: int, seed: int) -> list[Labelled]:
    """Labels by chance: only who saw a text knows its label."""
    draw = random.Random(seed)
    return [("c" + "".join(draw.choices(letters, k=8)), place % 2) for place, _ in enumerate(range(count))]


RETAIN = known_by_rule("mnop", 60, 1)
TEST = known_by_rule("mnop", 40, 2)
FORGET = known_by_heart("uvwxyz", 40, 3)
OTHERS = known_by_heart("uvwxyz", 40, 4)


def classifier(data: Sequence[Labelled], steps: int = 70) -> BaseModel:
    """A tiny Llama, trained on some texts until it knows them."""
    base = load_base(resolve("tiny:llama"), kind="classifier")
    model: Any = base.model
    rows, labels = [text for text, _ in data], torch.tensor([label for _, label in data])
    encoded = base.tokenizer(rows, padding="max_length", max_length=LENGTH, return_tensors="pt")
    inputs = {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}
    model.requires_grad_(True)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(torch.nn.functional.cross_entropy(model(**inputs).logits, labels))
        optimizer.step()
    model.requires_grad_(False)
    return base


def writer(texts: Sequence[str], steps: int = 60) -> BaseModel:
    """A tiny Llama that goes on with some texts."""
    base = load_base(resolve("tiny:llama"))
    model: Any = base.model
    rows = torch.tensor([[1, *base.tokenizer(text)["input_ids"]] for text in texts])
    model.requires_grad_(True)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(model(input_ids=rows, labels=rows).loss)
        optimizer.step()
    model.requires_grad_(False)
    return base


def save(base: BaseModel, folder: Path) -> Path:
    """As plain transformers writes it."""
    base.model.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)
    return folder


def write_csv(path: Path, data: Sequence[tuple[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        rows.writerows(data)
    return path


def write_jsonl(path: Path, texts: Sequence[str]) -> Path:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path
