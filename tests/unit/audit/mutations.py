"""Alterations of a bundle's lines by chance: a byte, two lines swapped, one dropped, doubled, or put for another."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.audit.bundle.told import TOLD
from orchestrator.audit.report import AuditReport

KINDS = ("byte", "swap", "drop", "duplicate", "replay")


@dataclass(frozen=True)
class Mutation:
    """What was done.

    Attributes:
        kind: one of :data:`KINDS`. lines: the kinds of line that it touched. places: their numbers, from 1.
        altered: all lines, but for the last.
    """

    kind: str
    lines: tuple[str, ...]
    places: tuple[int, ...]
    altered: list[bytes]

    @property
    def told(self) -> bool:
        """Whether only what nothing proves was touched."""
        return set(self.lines) <= TOLD


NAMES: dict[str, str] = {
    "bundle": "bundle|what it discloses|contract that told|leaves|record|state|chain",
    "state": "state",
    "object": "object|task|agreement|certificate|receipt|round",
    "transaction": "transaction|record",
    "record": "record|leaf",
    "leaves": "records|leaves|leaf",
    "attestations": "attestation|signature|checkpoint",
    "checkpoint": "checkpoint",
    "manifest": "manifest",
    "awards": "awards",
    "certificate": "certificate",
    "inclusion": "inclusion",
    "anchoring": "anchoring",
    "payment": "payment|awards|claim|void|supply",
    "equivocation": "equivocation",
    "sealed": "sealed|update",
    "supply": "supply",
}
"""What a finding says that names the altered part."""


def kind_of(line: bytes) -> str:
    return line.split(b'"line":"')[1].split(b'"')[0].decode()


def mutated(lines: Sequence[bytes], others: Sequence[bytes], seed: int) -> Mutation | None:
    """One alteration by a seed; None where it changes nothing.

    Args:
        others: lines of another time, for replays.
    """
    chance = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    by_kind = defaultdict[str, list[int]](list)
    for place, line in enumerate(lines):
        by_kind[kind_of(line)].append(place)
    place = chance.choice(by_kind[chance.choice(sorted(by_kind))])
    altered, touched = _ALTER[kind](list(lines), place, chance, others)
    if altered == list(lines):
        return None
    names = tuple(sorted({kind_of(lines[item]) for item in touched if kind != "duplicate" or item == place}))
    return Mutation(kind, names, tuple(item + 1 for item in touched), altered)


Altered = tuple[list[bytes], tuple[int, ...]]


def _byte(lines: list[bytes], place: int, chance: random.Random, others: Sequence[bytes]) -> Altered:
    data = bytearray(lines[place])
    data[chance.randrange(len(data) - 1)] = chance.randrange(256)
    lines[place] = bytes(data)
    return lines, (place,)


def _swap(lines: list[bytes], place: int, chance: random.Random, others: Sequence[bytes]) -> Altered:
    other = chance.choice([item for item in range(len(lines)) if item != place])
    lines[place], lines[other] = lines[other], lines[place]
    return lines, (place, other)


def _drop(lines: list[bytes], place: int, chance: random.Random, others: Sequence[bytes]) -> Altered:
    del lines[place]
    return lines, (place,)


def _duplicate(lines: list[bytes], place: int, chance: random.Random, others: Sequence[bytes]) -> Altered:
    to = chance.randrange(place, len(lines)) + 1
    lines.insert(to, lines[place])
    return lines, (place, to)


def _replay(lines: list[bytes], place: int, chance: random.Random, others: Sequence[bytes]) -> Altered:
    same = [line for line in (*lines, *others) if kind_of(line) == kind_of(lines[place])]
    lines[place] = chance.choice(same)
    return lines, (place,)


_ALTER: dict[str, Callable[[list[bytes], int, random.Random, Sequence[bytes]], Altered]] = {
    "byte": _byte,
    "swap": _swap,
    "drop": _drop,
    "duplicate": _duplicate,
    "replay": _replay,
}


def named(report: AuditReport, mutation: Mutation) -> bool:
    """Whether some finding names the altered part, or the very line where reading stopped."""
    words = re.compile("|".join(NAMES[kind] for kind in mutation.lines))
    return any(
        words.search(item.subject) or words.search(item.message) or _stopped(item.subject, mutation.places)
        for item in report.findings
    )


def _stopped(subject: str, places: tuple[int, ...]) -> bool:
    """A line that does not belong where it is shows at its own place, or at the next."""
    found = re.match(r"line (\d+)", subject)
    return found is not None and any(int(found[1]) - place in (0, 1) for place in places)
