"""`loranchor daemon run` with nothing to do, beside chains that make a block a second."""

from __future__ import annotations

import time
from typing import Any

import psutil

from benchmarks.round.daemons import LOG, PASSWORD
from benchmarks.round.world import world
from orchestrator.daemon.view import look

START_SECONDS, SETTLING_SECONDS, MEASURED_SECONDS = 300.0, 20.0, 60.0
MOST_RSS = 150_000_000
MOST_CPU = 0.02
"""Share of one core."""
OVERRIDES = ("experiment=tiny", "worker.idle_seconds=2")


def idle(seconds: float = MEASURED_SECONDS) -> dict[str, Any]:
    """Resident bytes and the share of a core of one daemon, its API included, its worker gone.

    Raises:
        RoundStuck: it did not start in time.
    """
    with world(1) as made:
        name = made.names[0]
        home, secret = made.home(name), made.folder / "password"
        home.chmod(0o700)
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        command = ["daemon", "run", "--home", str(home), "--password-file", str(secret), *OVERRIDES]
        process = psutil.Process(made.start("orchestrator", command, home / LOG).pid)
        made.until("waiting for prekeys", lambda: not look(made.private).state.without_prekeys, START_SECONDS)
        made.until("waiting for the worker to end", lambda: not process.children(), START_SECONDS)
        time.sleep(SETTLING_SECONDS)
        spent, begun = _cpu(process), time.monotonic()
        time.sleep(seconds)
        share = (_cpu(process) - spent) / (time.monotonic() - begun)
        return {"share": share, "rss": process.memory_info().rss, "seconds": seconds}


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
