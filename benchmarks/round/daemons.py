"""Daemons as `loranchor daemon run` would have them, one process each, but for a workbench whose deltas are ready.

A program of its own: `python -m benchmarks.round.daemons HOME…`. It forks one process for each home, so that what is
imported is imported once. SIGUSR1 to a daemon adds a line to its `snapshots.jsonl`; SIGTERM to the program ends all.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

from benchmarks.round.meters import Meters, keep
from benchmarks.round.prepared import PreparedWorkbench
from orchestrator.daemon.access import connect, single_instance
from orchestrator.daemon.api import app, server, tokens  # noqa: F401 - imported before the forks, for all of them
from orchestrator.daemon.control_settings import ControlSettings
from orchestrator.daemon.logs import configure_logging
from orchestrator.daemon.services import Services
from orchestrator.daemon.serving import controlled
from orchestrator.settings import compose

PASSWORD = "correct horse"
SNAPSHOTS, PID, LOG = "snapshots.jsonl", "daemon.pid", "daemon.log"


def live(home: Path) -> None:
    """One daemon until it is told to stop."""
    stop, meters = threading.Event(), Meters(home.parent / "estimates.lock")
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = compose([], organisation_home=home)
    control = ControlSettings.of(settings.group("daemon"))
    configure_logging(control.log_format, control.log_level)
    meters.install()
    with single_instance(home):
        access = connect(settings, home, PASSWORD)
        services = Services.of(access, PreparedWorkbench(access.me))
        signal.signal(signal.SIGUSR1, lambda *_: keep(home / SNAPSHOTS, meters.snapshot(services)))
        (home / PID).write_text(str(os.getpid()))
        with access.keystore, controlled(services, control) as node:
            node.run(stop)
        services.journal.close()


def main(homes: list[Path]) -> int:
    """Run a daemon for each home; gives 1 if one of them ended otherwise than well."""
    children = [_forked(home) for home in homes]

    def end(number: int, frame: FrameType | None) -> None:
        for child in children:
            with suppress(ProcessLookupError):  # it was told by the group's signal, too
                os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return int(any(codes))


def _forked(home: Path) -> int:
    child = os.fork()
    if child:
        return child
    log = os.open(home / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 1
    try:
        live(home)
        code = 0
    except BaseException:  # a fork must not go on as its parent
        logging.getLogger(__name__).exception("the daemon ended")
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
