"""Documents kept apart, so that a data set without some of them is the same in all else (``training.slices``)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from orchestrator.data.document import Document
from orchestrator.data.settings import DataSettings
from orchestrator.errors import DataError
from orchestrator.types import MILLION, Digest

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Chopped:
    """Documents as rows of tokens, each row of one document.

    Attributes:
        tokens, mask, labels: (rows, length); a document's last row is filled up with what no loss counts.
        rows: of each document, by its id.
    """

    tokens: Tensor
    mask: Tensor
    labels: Tensor
    rows: dict[Digest, tuple[int, ...]]


def split_apart(documents: Sequence[Document], settings: DataSettings) -> tuple[list[Document], list[Document]]:
    """Training and validation documents: each by a hash of seed and its text against the share, whatever else there is.

    Raises:
        DataError: one side is empty.
    """
    bound = settings.validation_share * 2**64 // MILLION
    training: list[Document] = []
    validation: list[Document] = []
    for document in sorted(documents, key=lambda item: item.id):
        text = f"loranchor split 2/{settings.seed}/{document.id}".encode()
        held_out = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") < bound
        (validation if held_out else training).append(document)
    if not training or not validation:
        raise DataError(
            f"the shard {dict(settings.shard)} of {settings.source} has {len(documents)} documents, too few for a split"
            " that goes document by document",
            mend="give it more text, or a task without training.slices",
        )
    return training, validation


def chopped(documents: Sequence[Document], tokenizer: Any, length: int) -> Chopped:
    """Each document with its end token, cut into rows."""
    encoded = tokenizer([document.text for document in documents], add_special_tokens=False, verbose=False)
    pieces: list[list[int]] = []
    rows: dict[Digest, tuple[int, ...]] = {}
    for document, tokens in zip(documents, encoded["input_ids"], strict=True):
        own = [*tokens, tokenizer.eos_token_id]
        cut = [own[start : start + length] for start in range(0, len(own), length)]
        cut = cut[:1] + [piece for piece in cut[1:] if len(piece) > 1]  # a single token predicts nothing
        rows[document.id] = tuple(range(len(pieces), len(pieces) + len(cut)))
        pieces += cut
    lengths = torch.tensor([len(piece) for piece in pieces])
    mask = (torch.arange(length) < lengths[:, None]).long()
    filled = torch.tensor([piece + [tokenizer.eos_token_id] * (length - len(piece)) for piece in pieces])
    return Chopped(filled, mask, filled.masked_fill(mask == 0, IGNORED), rows)
