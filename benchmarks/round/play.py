"""One round of n daemons, and what each of them spent on it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.round.daemons import PID, SNAPSHOTS
from benchmarks.round.world import World, world
from orchestrator.daemon.journal import NAME
from orchestrator.daemon.operations import open_round
from orchestrator.daemon.view import look
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.task import TaskSpec
from orchestrator.settings import compose

MODULE = "benchmarks.round.daemons"
START_SECONDS, ROUND_SECONDS, SNAPSHOT_SECONDS = 900.0, 2400.0, 60.0
QUIET_SECONDS = 5.0
"""After the prekeys, so that nothing of the start is counted."""
BLOCKS = 3000
"""Deadline of each phase; a phase ends when everybody has acted."""
AFTERWARDS = ("settle-keys/1", "evaluate/1", "claim/1")

Snapshot = Mapping[str, Any]


def round_of(size: int) -> dict[str, Any]:
    """Figures of one round, as means over the daemons unless they say otherwise.

    Raises:
        RoundStuck: it did not end in time.
    """
    with world(size) as made:
        made.start(MODULE, [str(made.home(name)) for name in made.names], made.folder / "daemons.log")
        agreement = made.agree()
        made.until("waiting for prekeys", lambda: not look(made.private).state.without_prekeys, START_SECONDS)
        time.sleep(QUIET_SECONDS)
        before, sent_before = snapshots(made, 1), [sent(made.home(name)) for name in made.names]
        block, begun = made.chains["private"].block_number(), time.monotonic()
        access = made.access(made.names[0])
        with closing(access.keystore):
            open_round(access, task(size), agreement)
        made.until("playing the round", _Ended(made), ROUND_SECONDS)
        wall, blocks = time.monotonic() - begun, made.chains["private"].block_number() - block
        after = snapshots(made, 2)
        calls = [_less(sent(made.home(name)), early) for name, early in zip(made.names, sent_before, strict=True)]
        seconds = [_seconds(made.home(name), early["time"]) for name, early in zip(made.names, before, strict=True)]
        figures = {**_spent(before, after), "calls": _most(calls), "seconds by": _means(seconds)}
        return {"wall": wall, "blocks": blocks, **figures}


def task(size: int) -> TaskSpec:
    """The packaged experiment that is made for tests, for this many members and with time for all of them.

    Its base is none: what is trained and scored here is prepared.
    """
    packaged = compose(["experiment=tiny"]).values["experiment"]["task"]
    document = {"format": "loranchor/task", "version": 1, **packaged, "name": "bench-round", "minimum_updates": size}
    document["base"] = {**packaged["base"], "digest": sha256(b"base"), "architecture": "llama"}
    document["deadlines"] = dict.fromkeys(packaged["deadlines"], BLOCKS)
    return TaskSpec.from_document(document)


def snapshots(made: World, count: int) -> list[Snapshot]:
    """Have every daemon write down what it has spent so far: the ``count``-th time."""
    files = [made.home(name) / SNAPSHOTS for name in made.names]
    for file in files:
        os.kill(int((file.parent / PID).read_text()), signal.SIGUSR1)
    made.until("waiting for figures", lambda: all(_lines(file) >= count for file in files), SNAPSHOT_SECONDS)
    return [json.loads(file.read_text().splitlines()[count - 1]) for file in files]


def sent(home: Path) -> Counter[str]:
    """How many nonces each call has taken, from what the home has signed."""
    with reading(home / "outbox.sqlite") as database:
        rows = database.execute("SELECT call, count(DISTINCT chain_id || ':' || nonce) FROM transactions GROUP BY call")
        return Counter(dict(rows.fetchall()))


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A database that another process writes."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
        yield database


class _Ended:
    """Whether everybody has paid itself, destroyed its prekey and measured the model."""

    def __init__(self, made: World) -> None:
        self._left = [made.home(name) for name in made.names]

    def __call__(self) -> bool:
        self._left = [home for home in self._left if not self._has_ended(home)]
        return not self._left

    @staticmethod
    def _has_ended(home: Path) -> bool:
        with reading(home / NAME) as database:
            done = [row[0] for row in database.execute("SELECT id FROM effects WHERE state = 'completed'")]
        return all(any(f"{effect}/".startswith(f"{wanted}/") for effect in done) for wanted in AFTERWARDS)


def _seconds(home: Path, since: float) -> Counter[str]:
    """From an effect's beginning to its end, waiting included, by its name."""
    with reading(home / NAME) as database:
        query = "SELECT id, ended - begun FROM effects WHERE state = 'completed' AND begun >= ?"
        found: Counter[str] = Counter()
        for effect, seconds in database.execute(query, (since,)):
            found[effect.partition("/")[0]] += seconds
        return found


def _spent(before: Sequence[Snapshot], after: Sequence[Snapshot]) -> dict[str, Any]:
    pairs = list(zip(before, after, strict=True))

    def each(*path: str) -> list[float]:
        return [_at(late, path) - _at(early, path) for early, late in pairs]

    by = [_less(Counter(late["cpu by"]), Counter(early["cpu by"])) for early, late in pairs]
    figures: dict[str, Any] = {"cpu": _mean(each("cpu")), "most cpu": max(each("cpu")), "cpu by": _means(by)}
    figures["rss"] = max(late["rss"] for late in after)
    figures |= {name: _mean(each(name)) for name in ("sent", "received")}
    figures |= {f"rpc {name}": _mean(each("rpc", name)) for name in ("requests", "calls", "bytes")}
    for side in ("private", "public"):
        count = each("transactions", side)
        figures |= {side: _mean(count), f"most {side}": max(count), f"{side} gas": _mean(each("gas", side))}
    return figures


def _at(snapshot: Snapshot, path: Sequence[str]) -> float:
    found: Any = snapshot
    for name in path:
        found = found.get(name, 0)
    return float(found)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _means(counted: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = sorted({name for one in counted for name in one})
    return {name: _mean([one.get(name, 0.0) for one in counted]) for name in names}


def _most(counted: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = sorted({name for one in counted for name in one})
    return {name: most for name in names if (most := max(one.get(name, 0) for one in counted))}


def _less(late: Mapping[str, float], early: Mapping[str, float]) -> Counter[str]:
    return Counter({name: value - early.get(name, 0) for name, value in late.items()})


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0
