"""Observations by hand, for tests of the rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.audit.watch.alerts import Source
from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.observation import (
    ChainSeen,
    Mark,
    ObjectsSeen,
    Observation,
    PrivateSeen,
    PublicSeen,
    Roll,
)
from orchestrator.types import Digest, OrganisationId

NOW = 1_800_000_000
LIMITS = Limits(confirm_after=0)
NAMES = tuple(OrganisationId(name) for name in ("aurora", "borealis", "cumulus"))


def digest(text: str) -> Digest:
    return Digest("0x" + text.encode().hex().ljust(64, "0"))


ROLL = Roll(1, 2, digest("epoch 1"), NAMES)
CHAIN = ChainSeen(Mark(100, digest("block 100")), NOW - 5)


def public(**changes: Any) -> PublicSeen:
    heads = {1: digest("head 1"), 2: digest("head 2")}
    return replace(PublicSeen(CHAIN, ROLL, heads, NOW - 60, 7, 7), **changes)


def private(**changes: Any) -> PrivateSeen:
    return replace(PrivateSeen(CHAIN, ROLL, {1: NOW - 900, 2: NOW - 90}), **changes)


def sight(at: int = NOW, **changes: Any) -> Observation:
    """An honest look, ``at`` whatever time; chains go with it."""
    later = replace(CHAIN, timestamp=at - 5)
    seen = Observation(at, {}, public(chain=later), private(chain=later), ObjectsSeen(4), compared=True)
    return replace(seen, **changes)


def without(source: Source, at: int = NOW) -> Observation:
    """A look in which one source does not answer."""
    seen = sight(at, silent={source: "no answer"}, compared=False)
    return replace(seen, **{{Source.PUBLIC: "public", Source.PRIVATE: "private", Source.IPFS: "objects"}[source]: None})
