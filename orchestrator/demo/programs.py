"""Other programs that the demo calls: brownie, and our own command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.errors import EnvironmentMissing, LoranchorError
from orchestrator.localnet.checkout import find_checkout


class ProgramFailed(LoranchorError):
    """A program that the demo called did not succeed."""

    exit_code = 1


def deploy(log: Path, environment: Mapping[str, str]) -> None:
    """``brownie run deploy`` on both local chains.

    Raises:
        EnvironmentMissing: brownie is not installed. ProgramFailed: it did not succeed.
    """
    checkout = find_checkout()
    brownie = checkout / ".venv" / "bin" / "brownie"
    if not brownie.exists():
        raise EnvironmentMissing(f"{brownie.name} is not installed in this checkout", mend="run `make setup`")
    _run([str(brownie), "run", "deploy"], log, environment, cwd=checkout)


def loranchor(arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> str:
    """Run a verb of our own and give what it printed."""
    return _run([sys.executable, "-m", "orchestrator", *arguments], log, environment)


def _run(command: Sequence[str], log: Path, environment: Mapping[str, str], cwd: Path | None = None) -> str:
    log.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command, env={**os.environ, **environment}, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}\n")
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise ProgramFailed(f"{Path(command[0]).name} failed: {lines[-1] if lines else 'no output'}", mend=f"see {log}")
    return done.stdout
