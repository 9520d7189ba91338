"""Which tokens are words that may stand for each other.

A word is one token: such a swap survives being written out and read again. What may stand for it are its neighbours by
the angle between input embeddings. That is a stand-in for "means about the same": antonyms are neighbours, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import DataError

_CONTINUED = "##"
_SPACES = ("Ġ", "▁")
_STOP = """
a about above after again against all am an and any are as at be because been before being below between both but by
can cannot could did do does doing down during each few for from further had has have having he her here hers herself
him himself his how i if in into is it its itself just me more most my myself no nor not of off on once only or other
our ours ourselves out over own same she should so some such than that the their theirs them themselves then there
these they this those through to too under until up very was we were what when where which while who whom why will
with would you your yours yourself yourselves never none nothing nobody neither without don isn aren wasn weren doesn
didn hasn haven hadn won wouldn couldn shouldn ain t s
"""
STOP_WORDS = frozenset(_STOP.split())
"""Neither swapped nor swapped in: grammar and negations."""


@dataclass(frozen=True, slots=True)
class Words:
    """A vocabulary's tokens, bool [vocabulary] each.

    Attributes:
        whole: begins a word and is made of letters, no stop word. begins: begins a word of any kind.
        continues: goes on with the word before.
    """

    whole: Tensor
    begins: Tensor
    continues: Tensor

    @classmethod
    def of(cls, tokenizer: Any, size: int, stop_words: frozenset[str] = STOP_WORDS) -> Words:
        """Of a WordPiece vocabulary (continuations begin with ##) or one that marks spaces (Ġ or ▁).

        Args:
            size: rows of the model's input embeddings, which may be more than the tokenizer has.

        Raises:
            DataError: the vocabulary marks neither, so that words cannot be told.
        """
        count = min(size, len(tokenizer))
        tokens = [str(item or "") for item in tokenizer.convert_ids_to_tokens(range(count))]
        pieces = any(item.startswith(_CONTINUED) for item in tokens)
        if not pieces and not any(item[:1] in _SPACES and item[1:].isalpha() for item in tokens):
            raise DataError("the vocabulary does not tell where words begin", mend="use a WordPiece or BPE tokenizer")
        read = [_read(item, pieces) for item in tokens]
        begins = [begun and bare.isalpha() for bare, begun in read]
        whole = [begun and bare.lower() not in stop_words for begun, (bare, _) in zip(begins, read, strict=True)]
        continues = [not begun and bare.isalpha() for bare, begun in read]
        return cls(*(_padded(flags, size) for flags in (whole, begins, continues)))

    def places(self, tokens: Tensor) -> Tensor:
        """Where in a text [length] a whole word stands that no token goes on with: bool [length]."""
        following = torch.cat([self.continues[tokens[1:]], torch.zeros(1, dtype=torch.bool)])
        found: Tensor = self.whole[tokens] & ~following
        return found

    def count(self, tokens: Tensor) -> int:
        """Words in a text [length], stop words included: what shares are of."""
        return int(self.begins[tokens].sum())


def neighbours(embeddings: Tensor, tokens: Tensor, words: Words, *, nearest: int, cosine: float) -> Tensor:
    """Which words may stand for each of some tokens: the nearest whole words with at least this cosine.

    Args:
        embeddings: [vocabulary, width]. tokens: int64 [length].

    Returns:
        bool [length, vocabulary]; a token is no neighbour of its own.
    """
    directions = functional.normalize(embeddings, dim=1)
    angles = directions[tokens] @ directions.T
    angles[:, ~words.whole] = -torch.inf
    angles[torch.arange(len(tokens)), tokens] = -torch.inf
    values, places = angles.topk(min(nearest, angles.shape[1]), dim=1)
    return torch.zeros_like(angles, dtype=torch.bool).scatter(1, places, values >= cosine)


def _read(token: str, pieces: bool) -> tuple[str, bool]:
    """A token's letters, and whether it begins a word."""
    if pieces:
        return token.removeprefix(_CONTINUED), not token.startswith(_CONTINUED)
    return token.lstrip("".join(_SPACES)), token.startswith(_SPACES)


def _padded(flags: list[bool], size: int) -> Tensor:
    return torch.tensor(flags + [False] * (size - len(flags)))
