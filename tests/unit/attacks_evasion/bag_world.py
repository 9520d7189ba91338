"""A classifier of bags of words, small enough to be followed by hand: what the tests of text attacks look at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from orchestrator.data.prepare import Samples

TOKENS = (
    "[PAD]", "[CLS]", "[SEP]", "good", "great", "fine", "poor", "bad", "awful", "film",
    "movie", "plot", "the", "not", "##ly", "blue", "green", "was", ".", "tree",
)  # fmt: skip
ID = {token: place for place, token in enumerate(TOKENS)}


class BagTokenizer:
    """What attacks take of a tokenizer."""

    def __len__(self) -> int:
        return len(TOKENS)

    def convert_ids_to_tokens(self, places: Any) -> list[str]:
        return [TOKENS[place] for place in places]


class Bag(nn.Module):
    """Mean of the embeddings, and a layer: as transformers' classifiers are called."""

    def __init__(self, embeddings: Tensor, layer: Tensor) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(embeddings.clone(), freeze=False)
        self.classifier = nn.Linear(layer.shape[1], layer.shape[0], bias=False)
        self.classifier.weight = nn.Parameter(layer.clone())

    def get_input_embeddings(self) -> nn.Embedding:
        return self.embedding

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        weights = attention_mask[:, :, None].float()
        mean = (self.embedding(input_ids) * weights).sum(1) / weights.sum(1)
        return SimpleNamespace(logits=self.classifier(mean))


def bag() -> Bag:
    """The first two numbers of a word are what it says; its topic, in the others, makes neighbours."""
    table = torch.zeros(len(TOKENS), 5)
    for word, says in {"good": 1.0, "great": 0.9, "fine": 0.1, "poor": -0.2, "bad": -1.0, "awful": -0.9}.items():
        table[ID[word]] = torch.tensor([says, 0, 2.0, 0, 0])
    for word in ("film", "movie", "plot"):
        table[ID[word]] = torch.tensor([0.05 * len(word) - 0.2, 0, 0, 2.0, 0])
    for word in ("blue", "green", "tree"):
        table[ID[word]] = torch.tensor([0, 0, 0, 0, 2.0])
    return Bag(table, torch.tensor([[-4.0, 0, 0, 0, 0], [4.0, 0, 0, 0, 0]])).eval()


def text(*words: str) -> Tensor:
    return torch.tensor([ID[word] for word in ("[CLS]", *words, "[SEP]")])


def samples(*texts: tuple[int, tuple[str, ...]]) -> Samples:
    """Padded rows with labels."""
    rows = [text(*words) for _, words in texts]
    width = max(len(row) for row in rows)
    tokens, mask = torch.zeros(2, len(rows), width, dtype=torch.long)
    for place, row in enumerate(rows):
        tokens[place, : len(row)], mask[place, : len(row)] = row, 1
    return Samples(tokens, mask, torch.tensor([label for label, _ in texts]))
