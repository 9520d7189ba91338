"""Words for words, by the gradient at the input embeddings, until a text classifier is wrong.

After HotFlip (J. Ebrahimi and others, arXiv:1712.06751), with bounds as in TextFooler (D. Jin and others,
arXiv:1907.11932): neighbours by embedding for content words only, at most some share of the words, each place once.
One step: first-order gains of all allowed swaps, the best few tried for real, the worst for the model kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.attacks.evasion.curve import Curve, curve_of_needs
from orchestrator.attacks.evasion.words import Words, neighbours
from orchestrator.attacks.slopes import slopes
from orchestrator.data.prepare import Samples
from orchestrator.errors import ConfigurationError, DataError


@dataclass(frozen=True, slots=True)
class SwapSettings:
    """Bounds of the attack.

    Attributes:
        share: of a text's words that may be swapped at most, in [0, 1].
        nearest, cosine: which neighbours may stand for a word: so many at most, and at least so near.
        tried: swaps tried for real in each step.
    """

    share: float = 0.3
    nearest: int = 20
    cosine: float = 0.5
    tried: int = 16

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1 or min(self.nearest, self.tried) < 1:
            raise ConfigurationError(f"swaps with the share {self.share} are none", mend="give a share in [0, 1]")


@dataclass(frozen=True, slots=True)
class Swapped:
    """A text after the attack.

    Attributes:
        tokens: int64 [length]. swaps: place, token before, token after, in the order they were made.
        words: of the text, stop words included. wrong: whether the model is wrong about it now.
    """

    tokens: Tensor
    swaps: tuple[tuple[int, int, int], ...]
    words: int
    wrong: bool

    @property
    def need(self) -> float | None:
        """Share of the words that had to be swapped; 0 where the model was wrong anyway, None where it withstood."""
        return len(self.swaps) / max(self.words, 1) if self.wrong else None


class WordSwaps:
    """The attack on one text classifier.

    Args:
        model: of transformers, taking ``input_ids`` and ``attention_mask``; in evaluation mode.
        tokenizer: its own.
    """

    name = "word-swaps"

    def __init__(self, model: Any, tokenizer: Any, settings: SwapSettings | None = None) -> None:
        self.settings = settings or SwapSettings()
        self._model = model
        self._embeddings: Tensor = model.get_input_embeddings().weight.detach()
        self._words = Words.of(tokenizer, len(self._embeddings))

    def run(self, tokens: Tensor, label: int) -> Swapped:
        """Attack one text, tokens int64 [length] without padding."""
        count, swaps = self._words.count(tokens), list[tuple[int, int, int]]()
        allowed = self._allowed(tokens)
        loss, wrong = self._judged(tokens[None], label)
        for _ in range(int(self.settings.share * count + 1e-9)):
            if wrong[0] or not allowed.any():
                break
            candidates = self._candidates(tokens, label, allowed)
            losses, wrongs = self._judged(torch.stack([_swapped(tokens, *item) for item in candidates]), label)
            # a wrong answer ends the attack, so it goes before a higher loss
            best = int((losses + wrongs * 1e6).argmax())
            if not wrongs[best] and losses[best] <= loss[0]:
                break
            place, token = candidates[best]
            swaps.append((place, int(tokens[place]), token))
            tokens, allowed[place] = _swapped(tokens, place, token), False
            loss, wrong = losses[best][None], wrongs[best][None]
        return Swapped(tokens, tuple(swaps), count, bool(wrong[0]))

    def curve(self, samples: Samples, budgets: Sequence[float]) -> Curve:
        """Accuracy left where so large a share of the words may be swapped.

        Raises:
            DataError: no sample. ConfigurationError: a budget above the attack's own share, which was not tried.
        """
        if budgets and max(budgets) > self.settings.share:
            raise ConfigurationError(f"swaps of {max(budgets):.0%} were not tried", mend="raise the attack's share")
        return curve_of_needs(self.name, [item.need for item in self.all_of(samples)], budgets)

    def all_of(self, samples: Samples) -> list[Swapped]:
        """Every text attacked, in order."""
        return [
            self.run(row[mask.bool()], int(label))
            for row, mask, label in zip(samples.tokens, samples.mask, samples.labels, strict=True)
        ]

    def _allowed(self, tokens: Tensor) -> Tensor:
        near = neighbours(
            self._embeddings, tokens, self._words, nearest=self.settings.nearest, cosine=self.settings.cosine
        )
        return near & self._words.places(tokens)[:, None]

    def _candidates(self, tokens: Tensor, label: int, allowed: Tensor) -> list[tuple[int, int]]:
        """Place and token of the swaps that raise the loss most, to first order."""
        slope = self._slope(tokens, label)
        own = (slope * self._embeddings[tokens]).sum(1, keepdim=True)
        gains = (slope @ self._embeddings.T - own).masked_fill(~allowed, -torch.inf)
        count = min(self.settings.tried, int(allowed.sum()))
        flat = gains.flatten().topk(count).indices
        return [divmod(int(item), gains.shape[1]) for item in flat]

    def _slope(self, tokens: Tensor, label: int) -> Tensor:
        """Gradient of the loss at the input embeddings, [length, width]."""
        right = torch.tensor([label])
        text = {"input_ids": tokens[None], "attention_mask": torch.ones(1, len(tokens))}
        return slopes(self._model, text, lambda logits: functional.cross_entropy(logits, right))[0]

    def _judged(self, tokens: Tensor, label: int) -> tuple[Tensor, Tensor]:
        """Loss, and whether the answer is wrong, of texts of one length [texts, length]."""
        with torch.no_grad():
            logits = self._model(input_ids=tokens, attention_mask=torch.ones_like(tokens)).logits
        labels = torch.full((len(tokens),), label)
        return functional.cross_entropy(logits, labels, reduction="none"), logits.argmax(1) != labels


def with_swaps(samples: Samples, attack: WordSwaps) -> Samples:
    """The samples and behind them what the attack made of each, labels kept: adversarial training of a text classifier
    as a matter of its data.

    Raises:
        DataError: no sample.
    """
    if not len(samples):
        raise DataError("there is no text to attack", mend="give samples with labels")
    tokens = samples.tokens.clone()
    for row, made in enumerate(attack.all_of(samples)):
        tokens[row, samples.mask[row].bool()] = made.tokens
    return Samples(
        torch.cat([samples.tokens, tokens]),
        torch.cat([samples.mask, samples.mask]),
        torch.cat([samples.labels, samples.labels]),
    )


def _swapped(tokens: Tensor, place: int, token: int) -> Tensor:
    changed = tokens.clone()
    changed[place] = token
    return changed
