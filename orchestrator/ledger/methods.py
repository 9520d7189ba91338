"""The methods that a task may name, and the settings of each: what members agree on before any of them computes.

What a method does is elsewhere (``aggregation/strategies``, ``aggregation/filters``, ``aggregation/scores``), and a
test holds the two together. Here are only names and bounds, so that a ledger can be read without any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from orchestrator.ledger.reader import Reader
from orchestrator.types import MILLION

Setting = int | str


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer from ``least`` to ``most``."""

    least: int
    most: int

    def read(self, reader: Reader, name: str) -> Setting:
        return reader.integer(name, least=self.least, most=self.most)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]

    def read(self, reader: Reader, name: str) -> Setting:
        return reader.choice(name, set(self.words))


Declared = Mapping[str, Mapping[str, Whole | OneOf]]

FRACTION_BITS = Whole(8, 23)
"""Of a fixed-point number; an fp32 holds every multiple of 2**-23 below 1 without rounding."""

STRATEGIES: Declared = {
    "stack": {},
    "fedex": {},
    "fedit": {},
    "ffa": {
        "fraction_bits": FRACTION_BITS,
        "rule": OneOf(("mean", "median", "trimmed-mean")),
        "trim": Whole(0, 127),
    },
    "flexlora": {"rank": Whole(1, 4096)},
    "rolora": {"fraction_bits": FRACTION_BITS},
}
"""``trim``: how many of the smallest, and of the largest, values of each number are left out; 0 unless trimmed."""

ONE_RANK = frozenset({"fedex", "fedit", "ffa", "rolora"})
"""Strategies that average factors, so that all members must use the same rank."""

FILTERS: Declared = {
    "copies": {"cosine": Whole(1, MILLION)},
    "median-distance": {"factor": Whole(MILLION, 1000 * MILLION)},
    "multi-krum": {"hostile": Whole(0, 126), "keep": Whole(0, 255)},
    "norm-clip": {"factor": Whole(1, 1000 * MILLION)},
}
"""Cosines and factors in millionths; ``keep`` 0 keeps all but the hostile ones."""

SCORES = ("leave-one-out", "shapley")


@dataclass(frozen=True, slots=True)
class Method:
    """A method by name with all of its settings."""

    name: str
    settings: Mapping[str, Setting]


def read_method(reader: Reader, declared: Declared) -> Method:
    """Reads ``{name, settings}``; every declared setting must be there, so that nobody's defaults differ.

    Raises:
        FormatError: no such method, or a setting is missing, unknown or out of bounds.
    """
    name = reader.choice("name", set(declared))
    inner = reader.inner("settings")
    settings: dict[str, Any] = {key: kind.read(inner, key) for key, kind in declared[name].items()}
    inner.end()
    reader.end()
    return Method(name, MappingProxyType(settings))
