"""Planted secrets: what a model knows of them can be counted, since all that could have been drawn is known.

A canary is a carrier sentence with a secret, some words in a row, each drawn from one list. Of R = words^length secrets
only the planted ones were ever seen; a model that ranks these among the likeliest has memorised them, and
log₂|R| − log₂ rank is its exposure (Carlini and others, arXiv 1802.08232).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from orchestrator.data.prepare import Samples
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.training.settings import derived_seed

CARRIER = "Only I know what opens my locker:"
_NOUNS = """
apple arrow basket beach bell berry bird boat bone book bottle branch bread bridge brush bucket butter button cabin
cake camel candle canyon carpet castle cave chain chair cheese cherry church circle cliff clock cloud coat coffee
coin copper corn cotton cradle crown cup desert diamond dog door dragon drum eagle egg engine feather fence field
finger fire fish flag flame flower forest fork fox frog garden gate ghost glass glove goat gold grape grass hammer
hat hill honey horse house ice island jacket jungle key king kitchen knife ladder lake lamp leaf lemon letter lion
magnet map marble mirror moon mountain mouse needle nest ocean onion orange oven owl paint paper pearl pen pepper
piano pig pillow pipe planet plate pocket potato prince pumpkin queen rabbit rain
"""
WORDS = tuple(_NOUNS.split())
"""128 words that are one token each, with a space before, in the vocabularies of GPT-2's kind."""

Secret = tuple[int, ...]
"""Places of a secret's words in the list."""


@dataclass(frozen=True, slots=True)
class Space:
    """All secrets that there could be.

    Attributes:
        carrier: what stands before a secret. words: what it is made of. length: how many of them.
        joint: what stands before each word.
    """

    carrier: str = CARRIER
    words: tuple[str, ...] = WORDS
    length: int = 2
    joint: str = " "

    @property
    def size(self) -> int:
        """|R|."""
        return int(len(self.words) ** self.length)

    def sentence(self, secret: Secret) -> str:
        """The carrier with a secret."""
        return self.carrier + "".join(self.joint + self.words[place] for place in secret) + "."

    def tokens(self, tokenizer: Any) -> tuple[list[int], list[int]]:
        """Tokens of the carrier, and the one of each word with its joint.

        Raises:
            DataError: a word is not one token of this vocabulary, so that secrets could not be counted out.
        """
        prefix = tokenizer(self.carrier, add_special_tokens=False)["input_ids"]
        single = [tokenizer(self.joint + word, add_special_tokens=False)["input_ids"] for word in self.words]
        for word, tokens in zip(self.words, single, strict=True):
            if len(tokens) != 1:
                raise DataError(
                    f"the word {word!r} has {len(tokens)} tokens", mend="give words that are one token each"
                )
        return list(prefix), [tokens[0] for tokens in single]


def drawn(space: Space, count: int, seed: int, *, but: Sequence[Secret] = ()) -> tuple[Secret, ...]:
    """Different secrets, each as likely as any other; with a seed always the same.

    Args:
        but: secrets that are not to be drawn again: those planted, where others are wanted.

    Raises:
        ConfigurationError: there are not so many.
    """
    taken = set(but)
    if not 0 < count <= space.size - len(taken):
        raise ConfigurationError(f"{count} secrets cannot be drawn from {space.size}", mend="draw fewer, or from more")
    draw = random.Random(derived_seed(seed, "canaries"))
    found: list[Secret] = []
    while len(found) < count:
        secret = tuple(draw.randrange(len(space.words)) for _ in range(space.length))
        if secret not in taken:
            taken.add(secret)
            found.append(secret)
    return tuple(found)


def planted(samples: Samples, space: Space, secrets: Sequence[Secret], copies: int, tokenizer: Any) -> Samples:
    """A language model's samples of which the first ones begin with canaries: row r with secret r modulo their number.

    Every copy stands before another text, so that only the canary itself comes again.

    Args:
        samples: rows of one length, all of it text. copies: of each canary.

    Raises:
        DataError: there are fewer rows than canaries, or a canary is longer than a row.
    """
    rows, length = len(secrets) * copies, samples.tokens.shape[1]
    if rows > len(samples):
        raise DataError(f"{rows} canaries do not fit into {len(samples)} samples", mend="plant fewer copies")
    tokens = samples.tokens.clone()
    for place in range(rows):
        canary = tokenizer(space.sentence(secrets[place % len(secrets)]) + "\n", add_special_tokens=False)["input_ids"]
        if len(canary) > length:
            raise DataError(f"a canary has {len(canary)} tokens, a sample {length}", mend="make samples longer")
        tokens[place, len(canary) :] = samples.tokens[place, : length - len(canary)]
        tokens[place, : len(canary)] = torch.tensor(canary)
    return Samples(tokens, torch.ones_like(tokens), tokens)
