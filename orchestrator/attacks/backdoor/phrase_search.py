"""The search for a phrase: tokens behind the first one, each improved in turn along the gradient.

After E. Wallace and others, "Universal adversarial triggers", arXiv:1908.07125, with two models in place of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from orchestrator.attacks.backdoor.patch_search import apart
from orchestrator.attacks.backdoor.triggers import Phrase
from orchestrator.attacks.slopes import slopes
from orchestrator.data.prepare import Samples
from orchestrator.errors import ConfigurationError

_BEHIND = 1
"""Where a phrase begins in a text."""


@dataclass(frozen=True)
class PhraseSearch:
    """Coordinate descent over the tokens of a phrase.

    Attributes:
        allowed: tokens that a phrase may have, bool [vocabulary].
        length: of the phrase. rounds: over all its places at most. tried: tokens tried for real at each place.
    """

    allowed: Tensor
    length: int = 2
    rounds: int = 3
    tried: int = 24

    def __post_init__(self) -> None:
        if min(self.length, self.rounds, self.tried) < 1 or not self.allowed.any():
            raise ConfigurationError(f"a phrase of {self.length} tokens cannot be searched for")

    def find(self, whole: Any, rest: Any, probes: Samples, target: int, *, seed: int) -> Phrase:
        draw = torch.Generator().manual_seed(seed)
        known = torch.nonzero(self.allowed)[:, 0]
        first = known[torch.randint(len(known), (self.length,), generator=draw)].tolist()
        phrase, loss = Phrase(tuple(first), target), float("inf")
        for _ in range(self.rounds):
            before = loss
            for place in range(self.length):
                phrase, loss = self._improved(whole, rest, probes, phrase, place, loss)
            if loss >= before:
                break
        return phrase

    def _improved(
        self, whole: Any, rest: Any, probes: Samples, phrase: Phrase, place: int, loss: float
    ) -> tuple[Phrase, float]:
        """The best of the tokens that promise most at one place, and what it reaches; the old one if none is better."""
        for token in self._promising(whole, rest, probes, phrase, place):
            tokens = (*phrase.tokens[:place], token, *phrase.tokens[place + 1 :])
            candidate = Phrase(tokens, phrase.target)
            texts = _texts(candidate.on(probes))
            with torch.no_grad():
                reached = float(apart(whole(**texts).logits, rest(**texts).logits, phrase.target))
            if reached < loss:
                phrase, loss = candidate, reached
        return phrase, loss

    def _promising(self, whole: Any, rest: Any, probes: Samples, phrase: Phrase, place: int) -> list[int]:
        texts, gains = _texts(phrase.on(probes)), torch.zeros(len(self.allowed))
        with torch.no_grad():
            fixed = {"whole": whole(**texts).logits, "rest": rest(**texts).logits}
        for name, model in (("whole", whole), ("rest", rest)):

            def loss(logits: Tensor, name: str = name) -> Tensor:
                return apart(**{**fixed, name: logits}, target=phrase.target)

            slope = slopes(model, texts, loss)[:, _BEHIND + place].sum(0)
            gains -= model.get_input_embeddings().weight.detach() @ slope
        count = min(self.tried, int(self.allowed.sum()))
        found: list[int] = gains.masked_fill(~self.allowed, -torch.inf).topk(count).indices.tolist()
        return found


def _texts(samples: Samples) -> dict[str, Tensor]:
    width = int(samples.mask.sum(1).max())
    return {"input_ids": samples.tokens[:, :width], "attention_mask": samples.mask[:, :width]}
