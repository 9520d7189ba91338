"""Contestants for tests of the contest, run by ``benchmarks.aggregation.worker``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.aggregation import Absent


def sleeper(spec: Mapping[str, Any]) -> Callable[[], Any]:
    """Sleeps, holds memory meanwhile, and writes its name where all of them do."""

    def run() -> Callable[[], Any]:
        held = bytearray(spec["bytes"])
        held[::4096] = b"x" * len(held[::4096])  # only a page that was written to is held
        time.sleep(spec["sleep"])
        with open(spec["diary"], "a") as diary:  # noqa: PTH123
            diary.write(spec["letter"])
        del held
        return lambda: {"check": [1.0, 2.0]}

    return run


def absent(spec: Mapping[str, Any]) -> Callable[[], Any]:
    raise Absent("it is not here")


def broken(spec: Mapping[str, Any]) -> Callable[[], Any]:
    def run() -> Callable[[], Any]:
        raise ValueError("it broke")

    return run
