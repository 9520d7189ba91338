"""Five daemons, five rounds, and whatever happens to services: every run ends with equal heads and a clean audit.

What is drawn from the seed that is printed: SIGKILLs, graceful restarts of both chains with their saved state, restarts
of IPFS nodes, reorganisations of the public chain by three blocks, and answers of both chains that are lost, late, cut
or of another question. One member of five is down in each round, another one each time. ``CHAOS_SEED`` draws the same
again; what falls together with what depends on the machine, too.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from chaos_world import NAMES, Chaos, chaos
from killed_daemon import PASSWORD
from unit.ledger.actors import task

from orchestrator.audit import Sources, verify
from orchestrator.chain.public_events import read_anchored
from orchestrator.chain.reader import read_attestations
from orchestrator.daemon.access import connect
from orchestrator.daemon.operations import open_round
from orchestrator.daemon.view import look
from orchestrator.errors import ChainError, StorageError
from orchestrator.ledger.entities import LedgerState, RoundStatus
from orchestrator.ledger.words import hex_word
from orchestrator.settings import compose
from orchestrator.storage import IpfsStore
from orchestrator.types import OrganisationId

ROUNDS = 5
TROUBLE = 0.02
"""Share of the chains' answers that are spoilt."""
DEADLINES = {"submit": 50, "release": 40, "commit": 50, "reveal": 40}
PAUSE = (2.0, 5.0)
"""Seconds between two disturbances."""


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_chaos(tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(1 << 32))
    print(f"\nCHAOS_SEED={seed}")
    chance = random.Random(seed)
    with chaos(tmp_path, seed) as made:
        for daemon in made.daemons.values():
            daemon.start()
        made.until(lambda: not ledger(made).without_prekeys, 180, "prekeys")
        for proxy in made.proxies:
            proxy.trouble = TROUBLE
        happened: list[str] = []
        for place in range(ROUNDS):
            happened += one_round(made, chance, OrganisationId(NAMES[(place + seed) % len(NAMES)]))
        for proxy in made.proxies:
            proxy.trouble = 0.0
        for daemon in made.daemons.values():
            daemon.start()
        print(f"seed {seed}: {sorted((what, happened.count(what)) for what in set(happened))}")
        print(f"answers spoilt: {[proxy.spoilt for proxy in made.proxies]}")
        try:
            made.until(lambda: settled(made), 240, "equal heads on all daemons")
        except AssertionError:
            print(json.dumps(standing(made), indent=1, default=str))
            raise
        check(made)


def one_round(made: Chaos, chance: random.Random, down: OrganisationId) -> list[str]:
    """A round in which one member is down, to its end; gives what was done to the others."""
    made.daemons[down].stop()
    live = [name for name in made.daemons if name != down]
    for name in live:
        made.daemons[name].start()
    number = opened(made, chance.choice(live))
    happened: list[str] = []
    deadline = time.monotonic() + 180
    while not made._holds(lambda: ledger(made).rounds[number].ended is not None):
        assert time.monotonic() < deadline, f"round {number} does not end: {standing(made)}"
        time.sleep(chance.uniform(*PAUSE))
        happened.append(disturb(made, chance, live))
        for name in live:
            made.daemons[name].revive()
    print(f"round {number}: {ledger(made).rounds[number].status.name}, {down} down, {', '.join(happened)}", flush=True)
    return happened


def disturb(made: Chaos, chance: random.Random, live: list[OrganisationId]) -> str:
    what = chance.choices(["kill", "public chain", "private chain", "ipfs", "reorganisation"], [10, 1, 1, 1, 2])[0]
    match what:
        case "kill":
            made.daemons[chance.choice(live)].kill()
        case "public chain":
            made.restart_chain(made.public)
        case "private chain":
            made.restart_chain(made.private)
        case "ipfs":
            made.restart_storage(chance.randrange(len(made.storage)))
        case "reorganisation":
            made.consortium.public_chain.request("anvil_reorg", [3, []])
    return what


def opened(made: Chaos, by: OrganisationId) -> int:
    """As an operator does it from another terminal, again until it is done."""
    terms = task(deadlines=DEADLINES, minimum_updates=2)
    for _ in range(10):
        try:
            if (found := ledger(made).open_round) is not None:
                return found
            access = connect(compose([], organisation_home=made.daemons[by].home), made.daemons[by].home, PASSWORD)
            with access.keystore:
                return open_round(access, terms, made.agreement)
        except (ChainError, StorageError) as error:
            print(f"not opened yet: {error}")
            time.sleep(2)
    raise AssertionError("no round could be opened")


# -- how it ends


def ledger(made: Chaos) -> LedgerState:
    return look(made.consortium.private).state


def anchored(made: Chaos) -> list[int]:
    chain = made.consortium.public_chain
    return [item.checkpoint.sequence for item in read_anchored(chain, made.consortium.public, 0, chain.block_number())]


def settled(made: Chaos) -> bool:
    """Every daemon has the records of a reader who begins now, and every checkpoint is anchored."""
    for daemon in made.daemons.values():
        daemon.revive()
    seen = look(made.consortium.private)
    tree = [seen.ledger.tree.size, hex_word(seen.ledger.tree.root())]
    heads = [head_of(daemon.home) for daemon in made.daemons.values()]
    return all(head == tree for head in heads) and anchored(made) == list(range(1, len(seen.state.due) + 1))


def head_of(home: Path) -> Any:
    """Size and root of the records tree that a daemon has written down."""
    with closing(sqlite3.connect(f"file:{home / 'daemon.sqlite'}?mode=ro", uri=True, timeout=30)) as database:
        row = database.execute("SELECT value FROM cursors WHERE side = 'private'").fetchone()
    return json.loads(row[0])["tree"] if row else None


def standing(made: Chaos) -> dict[str, Any]:
    """For whoever reads why it did not end well."""
    return {
        name: {
            "head": head_of(daemon.home),
            "ended": daemon.ended,
            "alarms": alarms_of(daemon.home),
            "log": daemon.log.read_text()[-1500:],
        }
        for name, daemon in made.daemons.items()
    }


def alarms_of(home: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{home / 'daemon.sqlite'}?mode=ro", uri=True, timeout=30)) as database:
        return [f"{name}: {text}" for name, text in database.execute("SELECT name, text FROM alarms")]


def check(made: Chaos) -> None:
    state = ledger(made)
    closed = [found for found in state.rounds.values() if found.status is RoundStatus.CLOSED]
    assert len(state.rounds) >= ROUNDS and closed, "rounds have gone on"
    chain = made.consortium.private_chain
    heads: dict[int, set[str]] = {}
    for item in read_attestations(chain, made.consortium.private, 0, chain.block_number()):
        heads.setdefault(item.sequence, set()).add(item.head)
    assert sorted(heads) == [due.sequence for due in state.due]
    assert all(len(found) == 1 for found in heads.values()), "nobody has signed another head"
    for daemon in made.daemons.values():
        assert alarms_of(daemon.home) == []
        with closing(sqlite3.connect(daemon.home / "keystore" / "signed.sqlite")) as database:
            rows = database.execute("SELECT sequence FROM checkpoints").fetchall()
        assert len(rows) == len(set(rows))
    store, public, private = IpfsStore(made.storage[0].api_url), made.consortium.public, made.consortium.private
    report = verify(Sources(made.consortium.public_chain, chain, store, public.deployment, private.deployment))
    assert [str(finding) for finding in report.findings] == []
    assert report.ok
