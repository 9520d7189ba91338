"""Run a command with its output in a log, and say on one line what failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.setup.paths import ROOT, SetupError, cache_dir


def say(text: str) -> None:
    sys.stderr.write(f"set-up: {text}\n")  # one write: the steps' lines must not mix
    sys.stderr.flush()


def exit_code(work: Callable[[], None]) -> int:
    """What a step of the set-up ends its process with: 3 where it could not be done, 130 where it was interrupted."""
    try:
        work()
    except SetupError as error:
        say(str(error))
        return 3
    except KeyboardInterrupt:
        say("interrupted; run it again, it goes on where it stopped")
        return 130
    return 0


def log_path(name: str) -> Path:
    folder = cache_dir() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"setup-{name}.log"


def run_logged(
    name: str, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, folder: Path = ROOT
) -> None:
    """Run `command` in the checkout, or in another folder, appending to the step's log.

    Raises:
        SetupError: it could not start or ended with another code than 0; the log's tail is printed.
    """
    log = log_path(name)
    words = [str(word) for word in command]
    with log.open("a") as sink:
        sink.write(f"$ {' '.join(words)}\n")
        sink.flush()
        try:
            code = subprocess.call(
                words, cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env={**os.environ, **(env or {})}
            )
        except OSError as error:
            raise SetupError(f"{words[0]} could not be started ({error.strerror})") from error
    if code:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise SetupError(f"the step '{name}' failed (exit code {code}); the end of {log}:\n{tail}")


@contextmanager
def step(title: str, name: str) -> Iterator[None]:
    """Announce a step, start its log anew and say how long it took."""
    log_path(name).write_text("")
    say(f"{title} …")
    start = time.monotonic()
    yield
    say(f"{title}: ready ({time.monotonic() - start:.0f} s)")
