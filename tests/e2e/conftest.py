"""One real run of the tiny experiment for all end-to-end tests: chains, IPFS nodes and daemons of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from orchestrator import localnet

MEMBER = "aurora"
REVOKED = "cumulus"


@dataclass
class Run:
    """What is left of a demo run.

    Attributes:
        root: its folder. snapshot: home of MEMBER before the revocation, without the key-encryption file.
        command_lines: of every process seen while it ran. exit_code, output: of the demo.
    """

    root: Path
    snapshot: Path
    command_lines: set[str] = field(default_factory=set)
    exit_code: int = -1
    output: str = ""

    @property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "summary.json").read_text()))

    def home(self, organisation: str) -> Path:
        return self.root / "organisations" / organisation

    def password_file(self, organisation: str) -> Path:
        return self.root / "passwords" / organisation

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "LORANCHOR_NETWORK_DIR": str(self.root / "network"),
            "LORANCHOR_DEPLOYMENTS": str(self.root / "deployments"),
        }

    def loranchor(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb as a user would, with this run's network and deployments."""
        return loranchor(*arguments, environment=self.environment)

    def member(self, verb: list[str], organisation: str, *overrides: str) -> subprocess.CompletedProcess[str]:
        """Run a verb of an organisation that needs its password."""
        own = ["--home", str(self.home(organisation)), "--password-file", str(self.password_file(organisation))]
        return self.loranchor(*verb, *own, *overrides)


def loranchor(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run our command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *arguments],
        env=environment or dict(os.environ),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=900,
    )


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The tiny demo, run once; afterwards its chains and IPFS nodes are started again so that tests can look."""
    root = tmp_path_factory.mktemp("e2e") / "demo"
    found = Run(root, root.parent / "snapshot")
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(found, done), daemon=True)
    watcher.start()
    try:
        finished = loranchor("demo", "--run-dir", str(root), "experiment=tiny")
        found.exit_code, found.output = finished.returncode, finished.stdout + finished.stderr
    finally:
        done.set()
        watcher.join()
    try:
        if found.exit_code == 0:
            localnet.up(root / "network", keep_organisations=True)
        yield found
    finally:
        localnet.down(root / "network", purge=True)


def _watch(found: Run, done: threading.Event) -> None:
    """Note command lines; copy MEMBER's home once round 2 was measured, which is before the revocation."""
    while not done.is_set():
        for process in psutil.process_iter(["cmdline"]):
            found.command_lines.add(" ".join(process.info["cmdline"] or ()))
        figures = found.home(MEMBER) / "figures.json"
        if not found.snapshot.exists() and figures.exists() and "round/2" in figures.read_text():
            _copy(found.home(MEMBER), found.snapshot)
        time.sleep(0.25)


def _copy(home: Path, snapshot: Path) -> None:
    """Its daemon goes on writing: what vanishes meanwhile makes this copy worthless, and the next look tries again."""
    try:
        shutil.copytree(home, snapshot, ignore=shutil.ignore_patterns("kek*.json", "*.lock", ".*"))
    except (OSError, shutil.Error):
        shutil.rmtree(snapshot, ignore_errors=True)
