"""The meta-loss h of MetaUnlearn: one number for support pictures, whose gradient step makes a model forget them.

Source: De Min and others, arXiv 2407.12069. Input are sigmoid(logits), the model's feature, the target and an embedding
of the identity; Linear(512), LayerNorm, Linear(512), GELU, Dropout(0.5), LayerNorm, Linear(1), Softplus, batch mean.

The embedding is of a person of the training set, as in the authors' code (github.com/tdemin16/one-shui, read, not
copied): simulated requests are of everybody who was trained on, those who ask later among them, so that each has an
embedding that was learnt. For a picture of somebody else the mean of all embeddings stands in; that is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from orchestrator.errors import ConfigurationError

HIDDEN = 512
EMBEDDING = 64
DROPOUT = 0.5


@dataclass(frozen=True, slots=True)
class Shape:
    """What a meta-loss is made for.

    Attributes:
        outputs: logits of the model. feature: width of its features. people: of the training set, in rising order.
        hidden, embedding: widths inside.
    """

    outputs: int
    feature: int
    people: tuple[int, ...]
    hidden: int = HIDDEN
    embedding: int = EMBEDDING

    def __post_init__(self) -> None:
        if min(self.outputs, self.feature, self.hidden, self.embedding) < 1:
            raise ConfigurationError(f"{self} has a width below 1", mend="give natural numbers")
        if not self.people or list(self.people) != sorted(set(self.people)):
            raise ConfigurationError(f"people {list(self.people)} are not in rising order", mend="name each once")


class MetaLoss(nn.Module):
    """h, see above; without dropout when evaluated."""

    def __init__(self, shape: Shape, *, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(len(shape.people), shape.embedding)
            self.net = nn.Sequential(
                nn.Linear(2 * shape.outputs + shape.feature + shape.embedding, shape.hidden),
                nn.LayerNorm(shape.hidden),
                nn.Linear(shape.hidden, shape.hidden),
                nn.GELU(),
                nn.Dropout(DROPOUT),
                nn.LayerNorm(shape.hidden),
                nn.Linear(shape.hidden, 1),
                nn.Softplus(),
            )

    def forward(self, logits: Tensor, features: Tensor, targets: Tensor, people: Tensor) -> Tensor:
        """The mean over pictures.

        Args:
            logits, targets: (pictures, outputs); targets are 0 and 1. features: (pictures, feature).
            people: int64 (pictures,), whose picture it is.
        """
        whole = torch.cat([logits.sigmoid(), features, targets, self.embedded(people)], 1)
        value: Tensor = self.net(whole).mean()
        return value

    def embedded(self, people: Tensor) -> Tensor:
        """(pictures, embedding): a row for whoever was trained on, the mean of all for anybody else."""
        known = torch.tensor(self.shape.people, device=people.device)
        rows = torch.searchsorted(known, people).clamp(max=len(known) - 1)
        own: Tensor = self.embedding(rows)
        return torch.where((known[rows] == people).unsqueeze(1), own, self.embedding.weight.mean(0))
