"""One organisation's daemon whose lives each end by SIGKILL right after one step, another in every life.

A program of its own: ``python stepped_daemon.py HOME DIED WORKER OVERRIDE…``. It forks a daemon for each life that its
standard input asks for, so that what is imported is imported once:

- ``die NAME``: a life that is killed right after the first step that is not yet a line of the file ``NAME`` in the
  folder ``DIED``, where it then is one; the next life is begun at once, and lives.
- ``live``: a life that no step ends. ``work``: the same with a worker process, which dies as ``crashing_worker`` says.
- ``end``: the present life ends well, and one line on standard output says how.

A step is whatever is durably written, or told to the network, by journal, outbox, keystore or IPFS; it has the name of
what was written and its place among those of that name in this life. The product has no hook for this: the methods are
wrapped here.
"""

from __future__ import annotations

import fcntl
import functools
import os
import select
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from killed_daemon import PASSWORD, TICK
from unit.daemon.fake_workbench import FakeWorkbench

from orchestrator.chain.outbox import SqliteOutbox
from orchestrator.chain.submission import Submission
from orchestrator.daemon import worker_process
from orchestrator.daemon.access import connect, single_instance
from orchestrator.daemon.journal import Journal
from orchestrator.daemon.node import Node
from orchestrator.daemon.process_workbench import ProcessWorkbench
from orchestrator.daemon.services import Services
from orchestrator.daemon.worker_settings import WorkerSettings
from orchestrator.keystore.signed import SigningRecord
from orchestrator.keystore.vault import Vault
from orchestrator.settings import compose
from orchestrator.storage import IpfsStore
from orchestrator.types import OrganisationId

Namer = Callable[..., list[str]]


def bare(call: str) -> str:
    """The name of a call without its contract's."""
    return call.rpartition(".")[2]


def kind_of(effect_id: str) -> str:
    return effect_id.split("/")[0]


_calls: dict[str, str] = {}
"""Names of the calls whose transactions this life has stored, by hash."""

STEPS: tuple[tuple[type, str, Namer], ...] = (
    (Journal, "write", lambda event, **_: [f"event {event}"]),
    (Journal, "write_all", lambda events: [f"record {facts['kind']}" for _, facts in events]),
    (Journal, "effect_started", lambda effect_id, **_: [f"started {kind_of(effect_id)}"]),
    (Journal, "effect_completed", lambda effect_id: [f"completed {kind_of(effect_id)}"]),
    (Journal, "effect_failed", lambda effect_id, code, _: [f"failed {kind_of(effect_id)} {code}"]),
    (Journal, "effect_cancelled", lambda effect_id: [f"cancelled {kind_of(effect_id)}"]),
    (Journal, "put", lambda kind, *_: [f"result {kind}"]),
    (Journal, "save_cursor", lambda side, _: [f"cursor {side}"]),
    (SqliteOutbox, "add", lambda _, entry: [f"stored {_calls.setdefault(entry.hash, bare(entry.slot.call))}"]),
    (Submission, "hand_over", lambda name, *_, **__: [f"broadcast {bare(name)}"]),
    (SqliteOutbox, "settle", lambda hash_, status: [f"{status} {_calls.get(hash_, 'by a former life')}"]),
    (SigningRecord, "claim", lambda *_, **__: ["claimed checkpoint"]),
    (Vault, "put_all", lambda secrets: [f"kept {kind}" for kind in dict.fromkeys(item[0] for item in secrets)]),
    (Vault, "destroy", lambda kind, _: [f"destroyed {kind}"]),
    (IpfsStore, "add", lambda _: ["object added"]),
    (IpfsStore, "unpin", lambda _: ["object unpinned"]),
    (IpfsStore, "collect", lambda: ["objects collected"]),
)
"""What is written where, and how a step is called: by the arguments of the method that has just written it."""
ONCE = ("cursor", "record", "object")
"""Of these one step of a kind is enough in a life: each block has a cursor, and facts are facts, whoever's."""


class Fate:
    """Counts the steps of this life and ends it at the first that nobody has died at.

    Several daemons may share a file: they lock it, so that no two die at one step.
    """

    def __init__(self, died: Path) -> None:
        self._died, self._known = died, _lines(died)
        self._counts: Counter[str] = Counter()
        self._mutex = threading.Lock()

    def reached(self, names: list[str]) -> None:
        """Told of all that one write has brought: one step, whatever is in it."""
        with self._mutex:
            steps = [step for step in map(self._named, names) if step not in self._known]
            if steps:
                self._end_at(steps)

    def _named(self, name: str) -> str:
        self._counts[name] += 1
        return name if name.startswith(ONCE) else f"{name} {self._counts[name]}"

    def _end_at(self, steps: list[str]) -> None:
        with self._died.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._known = _lines(self._died)
            new = [step for step in dict.fromkeys(steps) if step not in self._known]
            if new:
                file.write(" + ".join(new) + "\n")
                file.flush()
                os.kill(os.getpid(), signal.SIGKILL)


def _lines(died: Path) -> set[str]:
    return {step for line in died.read_text().splitlines() for step in line.split(" + ")}


def watched(told: Callable[[list[str]], None]) -> None:
    """Wrap every method of STEPS in this process."""
    for owner, method, namer in STEPS:
        original = getattr(owner, method)

        def wrapper(
            self: Any, *args: Any, original: Callable[..., Any] = original, namer: Namer = namer, **options: Any
        ) -> Any:
            if namer is _PUT_ALL:
                args = (list(args[0]),)  # it may be read once only
            value = original(self, *args, **options)
            told(namer(*args, **options))
            return value

        setattr(owner, method, functools.wraps(original)(wrapper))


_PUT_ALL = next(namer for _, method, namer in STEPS if method == "put_all")


def live(home: Path, died: Path | None, worker: Path | None, overrides: list[str]) -> None:
    """One life of the daemon, as ``loranchor daemon run`` begins it, with a workbench without tensors."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = compose(overrides, organisation_home=home)
    with single_instance(home):
        access = connect(settings, home, PASSWORD)
        if died is not None:
            watched(Fate(died).reached)
        bench = FakeWorkbench(access.me) if worker is None else by_process(access.me, home, worker)
        services = Services.of(access, bench)
        with access.keystore:
            Node(services).run(stop, tick=TICK)
        services.bench.close()
        services.journal.close()


def by_process(me: OrganisationId, home: Path, folder: Path) -> ProcessWorkbench:
    """A workbench whose worker is ``crashing_worker.py``."""
    worker_process.MODULE = "integration.daemon.crashing_worker"
    values = {"experiment": {"device": "cpu", "threads": 1}, "folder": str(folder)}
    return ProcessWorkbench(me, values, home, WorkerSettings(idle_seconds=60))


class Lives:
    """The lives of one home, one after the other. Nothing here has threads, so that forking is safe."""

    def __init__(self, home: Path, died: Path, worker: Path, overrides: list[str]) -> None:
        self._home, self._died, self._worker, self._overrides = home, died, worker, overrides
        self._child = 0

    def begin(self, how: str) -> None:
        died = self._died / how.removeprefix("die ") if how.startswith("die ") else None
        worker = self._worker if how == "work" else None
        self._child = os.fork()
        if self._child == 0:
            live(self._home, died, worker, self._overrides)
            os._exit(0)

    def look(self, *, ending: bool = False) -> int | None:
        """Begin the next life where the present one was killed; gives the exit code where it has ended otherwise."""
        child, status = os.waitpid(self._child, os.WNOHANG)
        if child == 0:
            return None
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.begin("live")
            if ending:
                self._terminate()
            return None
        self._child = 0
        return os.waitstatus_to_exitcode(status)

    def end(self) -> int:
        self._terminate()
        while (code := self.look(ending=True)) is None:
            time.sleep(0.02)
        return code

    def _terminate(self) -> None:
        time.sleep(0.2)  # a child that was just forked has not said yet what a SIGTERM means to it
        os.kill(self._child, signal.SIGTERM)


def main(arguments: list[str]) -> int:
    home, died, worker = map(Path, arguments[:3])
    lives = Lives(home, died, worker, arguments[3:])
    lives.begin("live")
    while True:
        if select.select([sys.stdin], [], [], 0.05)[0]:
            word = sys.stdin.readline().strip()
            code = lives.end()
            if code or word in ("end", ""):
                print(code, flush=True)
                return code
            lives.begin(word)
            print(word, flush=True)
        elif (ended := lives.look()) is not None:
            return ended or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
