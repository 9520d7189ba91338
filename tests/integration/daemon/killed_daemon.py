"""One organisation's daemon that dies by SIGKILL after each step that it journals for the first time, and starts again.

A program of its own: ``python killed_daemon.py HOME KILLS OVERRIDE…``. It forks a daemon, waits for its death and forks
the next, so that what is imported is imported once. ``KILLS`` is a file with one line for each step at which one has
died; a dash lets it live. SIGTERM ends it well. The product has no hook for this: the journal is wrapped here.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from unit.daemon.fake_workbench import FakeWorkbench

from orchestrator.daemon import services as module
from orchestrator.daemon.access import connect, single_instance
from orchestrator.daemon.journal import Journal, Side
from orchestrator.daemon.node import Node
from orchestrator.daemon.services import Services
from orchestrator.settings import compose
from orchestrator.types import OrganisationId

PASSWORD = "correct horse"
TICK = 0.1


class DeadlyJournal(Journal):
    """A journal whose process is killed right after each new step is on the disk."""

    kills: Path | None = None

    def _step(self, *words: object) -> None:
        step = " ".join(map(str, words))
        if self.kills is None or step in self.kills.read_text().splitlines():
            return
        with self.kills.open("a") as file:
            file.write(step + "\n")
        os.kill(os.getpid(), signal.SIGKILL)

    def write(self, event: str, **facts: object) -> None:
        super().write(event, **facts)
        self._step("event", event)

    def write_all(self, events: list[tuple[str, Mapping[str, object]]]) -> None:
        super().write_all(events)
        self._step("record", events[-1][1]["kind"])

    def effect_started(self, effect_id: str, *, local: bool) -> None:
        super().effect_started(effect_id, local=local)
        self._step("started", effect_id)

    def effect_completed(self, effect_id: str) -> None:
        super().effect_completed(effect_id)
        self._step("completed", effect_id)

    def effect_failed(self, effect_id: str, code: str, error: str) -> None:
        super().effect_failed(effect_id, code, error)
        self._step("failed", effect_id, code)

    def put(self, kind: str, key: str, value: object) -> None:
        super().put(kind, key, value)
        self._step("result", kind, key)

    def save_cursor(self, side: Side, value: object) -> None:
        super().save_cursor(side, value)
        self._step("cursor", side)


def live(home: Path, kills: Path | None, overrides: list[str]) -> None:
    """One life of the daemon, as ``loranchor daemon run`` begins it, with a workbench without tensors."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    DeadlyJournal.kills = kills
    module.Journal = DeadlyJournal  # type: ignore[misc]
    settings = compose(overrides, organisation_home=home)
    with single_instance(home):
        access = connect(settings, home, PASSWORD)
        services = Services.of(access, FakeWorkbench(access.me))
        with access.keystore:
            Node(services).run(stop, tick=TICK)
        services.journal.close()


def reborn(begin: Callable[[], None]) -> int:
    """Fork until a child ends otherwise than by SIGKILL; gives its exit code."""
    while True:
        child = os.fork()
        if child == 0:
            begin()
            os._exit(0)

        def forward(number: int, frame: FrameType | None, child: int = child) -> None:
            os.kill(child, number)

        signal.signal(signal.SIGTERM, forward)
        _, status = os.waitpid(child, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            return os.waitstatus_to_exitcode(status)


def main(arguments: list[Any]) -> int:
    home, kills = Path(arguments[0]), None if arguments[1] == "-" else Path(arguments[1])
    OrganisationId(home.name)
    return reborn(lambda: live(home, kills, arguments[2:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
