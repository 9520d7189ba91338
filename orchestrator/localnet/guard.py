"""A small process that stops the nodes if the command that starts them dies before it is done.

Its standard input is a pipe from that command: one line with a process group for each node, then `keep`. If the pipe
ends without `keep`, as it does when the command is killed, every group named is stopped, and on Linux every process
that carries this guard's mark in its environment, in case the command died before it could name it. Run as a file, so
that it starts fast and needs only the standard library.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

GRACE_SECONDS = 5.0
MARK = "LORANCHOR_GUARD"


class Guard:
    """The commanding end. On leaving the block without `release()`, the guard stops what it was told of."""

    def __enter__(self) -> Guard:
        token = secrets.token_hex(8)
        self.mark = {MARK: token}  # belongs into the environment of what is started
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", __file__, token],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
            bufsize=1,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def watch(self, group: int) -> None:
        self._say(str(group))

    def release(self) -> None:
        """All is well and recorded: the nodes may outlive us."""
        self._say("keep")

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


def _stop_groups(groups: list[int]) -> None:
    for number, pause in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 0.0)):
        deadline = time.monotonic() + pause
        alive = [group for group in groups if _send(group, number)]
        while alive and time.monotonic() < deadline:
            time.sleep(0.1)
            alive = [group for group in alive if _send(group, 0)]


def _send(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _marked(token: str) -> list[int]:
    """Session leaders whose environment carries the mark."""
    wanted = f"{MARK}={token}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in entry.read_bytes().split(b"\0"):
                found.append(os.getsid(int(entry.parent.name)))
        except OSError:
            continue  # ended meanwhile, or another user's
    return [group for group in set(found) if group != os.getsid(0)]


def main() -> None:
    groups: list[int] = []
    for line in sys.stdin:
        if line.strip() == "keep":
            return
        groups.append(int(line))
    _stop_groups([*{*groups, *_marked(sys.argv[1])}])


if __name__ == "__main__":
    main()
