"""The meta-loss h of MetaUnlearn: one number for support pictures, whose gradient step makes a model forget them.

Source: De Min and others, arXiv 2407.12069. Input are sigmoid(logits), the model's feature, the target and an embedding
of the identity; Linear(512), LayerNorm, Linear(512), GELU, Dropout(0.5), LayerNorm, Linear(1), Softplus, batch mean.

The embedding is of the place in a request, 0 to N − 1: whoever asks later was in no simulated request, so an embedding
of training identities has nothing to say of them. Ours; the note that this follows names its width alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

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
        outputs: logits of the model. feature: width of its features. places: identities in one request, at most.
        hidden, embedding: widths inside.
    """

    outputs: int
    feature: int
    places: int
    hidden: int = HIDDEN
    embedding: int = EMBEDDING

    def __post_init__(self) -> None:
        if min(asdict(self).values()) < 1:
            raise ConfigurationError(f"{self} has a width below 1", mend="give natural numbers")


class MetaLoss(nn.Module):
    """h, see above; without dropout when evaluated."""

    def __init__(self, shape: Shape, *, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(shape.places, shape.embedding)
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

    def forward(self, logits: Tensor, features: Tensor, targets: Tensor, places: Tensor) -> Tensor:
        """The mean over pictures.

        Args:
            logits, targets: (pictures, outputs); targets are 0 and 1. features: (pictures, feature).
            places: int64 (pictures,), whose picture it is, from 0.

        Raises:
            ConfigurationError: there are more identities than it was made for.
        """
        if int(places.max()) >= self.shape.places:
            raise ConfigurationError(
                f"{int(places.max()) + 1} identities at once, and the meta-loss knows {self.shape.places}",
                mend="ask for fewer at once, or train one for more",
            )
        whole = torch.cat([logits.sigmoid(), features, targets, self.embedding(places)], 1)
        value: Tensor = self.net(whole).mean()
        return value
