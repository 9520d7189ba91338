"""The settings of the worker process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.worker.limits import MIB, SHARE, machine_memory


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What the group ``worker`` says.

    Attributes:
        processes: of one training, all machines together. launch: more options of ``accelerate launch``.
        memory_limit: bytes of main memory. time_limit: seconds for one call; None for no limit.
        idle_seconds: without work until it ends. checkpoint_every: seconds.
    """

    processes: int = 1
    launch: tuple[str, ...] = ()
    memory_limit: int = 1 << 40
    time_limit: float | None = None
    idle_seconds: float = 300.0
    checkpoint_every: float = 60.0

    @classmethod
    def of(cls, group: Mapping[str, Any]) -> WorkerSettings:
        """Read them.

        Raises:
            ConfigurationError: a number is missing, negative or none.
        """
        memory, launch = group["memory_limit"], group["launch"]
        if not isinstance(launch, (list, tuple)) or not all(isinstance(option, str) for option in launch):
            raise ConfigurationError(f"worker.launch is {launch!r}", mend="give a list of options")
        return cls(
            processes=int(_number(group, "processes", least=1)),
            launch=tuple(launch),
            memory_limit=int(machine_memory() * SHARE) if memory is None else int(_number(group, "memory_limit")) * MIB,
            time_limit=None if group["time_limit"] is None else _number(group, "time_limit"),
            idle_seconds=_number(group, "idle_seconds"),
            checkpoint_every=_number(group, "checkpoint_every", least=0),
        )


def _number(group: Mapping[str, Any], name: str, *, least: float = 1e-3) -> float:
    value = group[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= least:
        raise ConfigurationError(f"worker.{name} is {value!r}", mend="give a number, see conf/worker/default.yaml")
    return float(value)
