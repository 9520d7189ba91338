"""The contributor among whose words are canaries, and what of them a language model has memorised.

The forget figure is the mean exposure of the canaries that no attacker has, over what it could be at most, log₂|R|;
:func:`bits` gives the exposure itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchmarks.federation import Member
from benchmarks.federation.shards import chosen
from benchmarks.unlearning.case import Parts, data_settings, evaluating, seen_rows, shared_of
from benchmarks.unlearning.worlds import CANARIES, World
from orchestrator.attacks.extraction import exposure
from orchestrator.data.canaries import Secret, Space, drawn, planted
from orchestrator.errors import DataError
from orchestrator.types import OrganisationId

SPACE = Space()


def parts(world: World, seed: int) -> Parts:
    """Of a world with a language model."""
    shared, space = shared_of(world.overrides), SPACE
    tokenizer = shared.base.tokenizer
    shards = {
        OrganisationId(name): shared.dataset(data_settings(world, name, seed), world.length) for name in world.shards
    }
    secrets = drawn(space, CANARIES, seed)
    own = shards[world.contributor]
    rows = CANARIES * world.copies
    if len(own.training) < rows + world.plain:
        raise DataError(f"{world.contributor} has {len(own.training)} samples, {rows + world.plain} are wanted")
    samples = chosen(own.training, range(rows + world.plain))
    taught = planted(samples, space, secrets, world.copies, tokenizer)
    never = drawn(space, CANARIES, seed, but=secrets)
    others = planted(own.validation, space, never, len(own.validation) // CANARIES, tokenizer)
    shards[world.contributor] = replace(own, training=taught)
    with_canary = seen_rows(CANARIES)
    given = set(with_canary[0])
    seen = [row for row in range(rows) if row % CANARIES in given] + list(range(rows, rows + world.plain))
    held_out = [row for row in range(rows) if row % CANARIES not in given]
    guarded = [secrets[place] for place in with_canary[1]]
    prefix, words = space.tokens(tokenizer)

    def known(model: Any) -> float:
        return bits(model, prefix, words, guarded) / math.log2(space.size)

    return Parts(
        tuple(Member(name, data) for name, data in shards.items()),
        taught,
        tuple(seen),
        chosen(taught, held_out[: world.measured]),
        chosen(others, range(len(others) // CANARIES * CANARIES)),
        known,
    )


def bits(model: Any, prefix: Sequence[int], words: Sequence[int], secrets: Sequence[Secret]) -> float:
    """Mean exposure of secrets of two words, by counting out all that there could be.

    Args:
        prefix: tokens of the carrier. words: the token of each word.
    """
    table = likelihoods(model, prefix, words)
    found = []
    for first, second in secrets:
        others = table.flatten().tolist()
        own = others.pop(first * len(words) + second)
        found.append(exposure(-own, [-other for other in others]))
    return sum(found) / len(found)


def likelihoods(model: Any, prefix: Sequence[int], words: Sequence[int]) -> Tensor:
    """(words, words): log p of every secret of two words after the carrier, which is computed once."""
    device = next(iter(model.parameters())).device
    tokens = torch.tensor(words, device=device)
    with evaluating(model):
        begun = model(input_ids=torch.tensor([list(prefix)], device=device), use_cache=True)
        first: Tensor = begun.logits[0, -1].float().log_softmax(-1)[tokens]
        begun.past_key_values.batch_repeat_interleave(len(words))
        following = model(input_ids=tokens[:, None], past_key_values=begun.past_key_values).logits[:, -1]
        second: Tensor = following.float().log_softmax(-1)[:, tokens]
        return first[:, None] + second
