"""Cases by name and seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from benchmarks.unlearning import flipped, secrets
from benchmarks.unlearning.case import Case, Parts, shared_of
from benchmarks.unlearning.worlds import WORLDS, World

KINDS: Mapping[str, Callable[[World, int], Parts]] = {"vader": flipped.parts, "chitchat": secrets.parts}


@lru_cache(maxsize=3)
def case_of(name: str, seed: int) -> Case:
    """The case of a world with a seed; data sets of three seeds are kept in memory."""
    world = WORLDS[name]
    return Case(name, world, seed, shared_of(world.overrides), KINDS[name](world, seed))
