"""Contestants take turns: each repetition lets every one of them run once, so that a busy minute is shared by all.

Memory is read from outside while a contestant runs: the peak of its anonymous pages over what it held before. Mapped
files lie in the page cache and are not counted; what a contestant kept from its turn before (``kept_bytes``) is.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.errors import EnvironmentMissing
from tools.setup.paths import ROOT
from tools.setup.peers import VENV_PEERS

OWN, PEERS = "benchmarks.aggregation.own", "benchmarks.aggregation.peers"
PAUSE = 0.2
"""Seconds between turns, for threads of the one before to stop spinning."""
POLL = 0.002


@dataclass(frozen=True, slots=True)
class Contestant:
    """``function`` of ``module``, in the environment that the module belongs to."""

    name: str
    module: str
    function: str
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Turns:
    """What one contestant did: a dictionary of figures each turn, ``seconds`` and ``extra_bytes`` among them."""

    name: str
    missing: str = ""
    turns: list[dict[str, Any]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Lists have one value a turn; ``extra_bytes`` is the largest of all turns."""
        if self.missing:
            return {"missing": self.missing}
        names = [name for name in self.turns[0] if name != "extra_bytes"]
        lists = {name: [turn[name] for turn in self.turns] for name in names}
        return {**lists, "extra_bytes": max(turn["extra_bytes"] for turn in self.turns)}


def compete(contestants: Sequence[Contestant], spec: Mapping[str, Any], turns: int) -> dict[str, dict[str, Any]]:
    """Figures by contestant; one whose package is missing says so.

    Args:
        spec: handed to each of them. turns: repetitions, after one that warms up and is not counted.
    """
    with _started(contestants, spec) as children:
        for turn in range(turns + 1):
            for child in children[turn % len(children) :] + children[: turn % len(children)]:
                if not child.found.missing:
                    child.take_turn(counted=turn > 0)
        return {child.found.name: child.found.document() for child in children}


class _Child:
    def __init__(self, contestant: Contestant, spec: Mapping[str, Any]) -> None:
        self.found = Turns(contestant.name)
        python = VENV_PEERS / "bin" / "python" if contestant.module == PEERS else Path(sys.executable)
        if not python.exists():
            raise EnvironmentMissing("the peers are not installed", mend="run `make bench-aggregation`")
        command = [str(python), "-B", "-m", "benchmarks.aggregation.worker", contestant.module, contestant.function]
        self._process = subprocess.Popen(
            [*command, json.dumps({**spec, **contestant.more})],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._errors: list[str] = []
        self._listener = threading.Thread(target=lambda: self._errors.extend(self._process.stderr or ()), daemon=True)
        self._listener.start()

    def wait_ready(self) -> None:
        self.found.missing = self._answer().get("missing", "")

    def take_turn(self, *, counted: bool) -> None:
        time.sleep(PAUSE)
        before, peak, done = self._anonymous(), [0], threading.Event()

        def watch() -> None:
            while not done.wait(POLL):
                peak[0] = max(peak[0], self._anonymous())

        watcher = threading.Thread(target=watch)
        assert self._process.stdin is not None
        watcher.start()
        try:
            self._process.stdin.write("go\n")
            self._process.stdin.flush()
            timed = self._answer()
        finally:
            done.set()
            watcher.join()
        figures = self._answer()
        if counted:
            extra = max(peak[0] - before, 0) + figures.get("kept_bytes", 0)
            self.found.turns.append({**timed, **figures, "extra_bytes": extra})

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._listener.join()  # or the line that says why may not have been read yet
            told = "".join(self._errors).strip().splitlines()
            raise EnvironmentMissing(f"{self.found.name} ended: {told[-1] if told else self._process.returncode}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _anonymous(self) -> int:
        try:
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        except OSError:
            return 0
        return 0


@contextmanager
def _started(contestants: Sequence[Contestant], spec: Mapping[str, Any]) -> Iterator[list[_Child]]:
    children: list[_Child] = []
    try:
        for contestant in contestants:
            children.append(_Child(contestant, spec))
            children[-1].wait_ready()
        yield children
    finally:
        for child in children:
            child.stop()


def ratio(slow: Mapping[str, Any], fast: Mapping[str, Any]) -> list[float]:
    """How many times as long ``slow`` took, turn by turn."""
    return [one / other for one, other in zip(slow["seconds"], fast["seconds"], strict=True)]
