"""A small process that stops the nodes if the command that starts them dies before it is done.

Its standard input is a pipe from that command: one line with a process group for each node, then `keep`. If the pipe
ends without `keep`, as it does when the command is killed, every group named is stopped. Run as a file, so that it
starts fast and needs only the standard library.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import TracebackType

GRACE_SECONDS = 5.0


class Guard:
    """The commanding end. On leaving the block without `release()`, the guard stops what it was told of."""

    def __enter__(self) -> Guard:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", __file__], stdin=subprocess.PIPE, start_new_session=True, text=True, bufsize=1
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


def main() -> None:
    groups = []
    for line in sys.stdin:
        if line.strip() == "keep":
            return
        groups.append(int(line))
    _stop_groups(groups)


if __name__ == "__main__":
    main()
