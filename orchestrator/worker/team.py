"""Several processes, one a GPU or a machine's share, that train one update together: each takes its rows of a batch.

`accelerate launch` starts them. The first speaks to the daemon and does all else alone; for a training it hands the
others the call and every contribution that is opened for it, through a group of its own on gloo. Gradients are added up
in whatever order the backend likes, so the bits are not those of a single process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import timedelta

import torch
from accelerate import PartialState  # type: ignore[import-untyped]
from torch import Tensor, distributed

from orchestrator.errors import LoranchorError
from orchestrator.training import Keeper, Run
from orchestrator.types import Digest, UpdateId
from orchestrator.worker.keeper import dump, load
from orchestrator.worker.torch_workbench import Keepers
from orchestrator.worker.words import error_of, error_words

PATIENCE = timedelta(days=365)
"""Others wait for the next training for as long as it takes."""
MEETING = timedelta(minutes=30)
"""How far apart processes may be within one training, before the one that waits takes the others for lost."""


def size() -> int:
    """How many processes were launched together; 1 where nobody launched any."""
    return int(os.environ.get("WORLD_SIZE", "1"))


class LaunchedTeam:
    """The processes that were launched with this one.

    Args:
        cpu: whether they compute on CPUs, GPUs or not.
    """

    def __init__(self, *, cpu: bool) -> None:
        self._state = PartialState(cpu=cpu, timeout=MEETING)
        self._words = distributed.new_group(backend="gloo", timeout=PATIENCE)
        self._share = 1.0

    @property
    def first(self) -> bool:
        return bool(self._state.is_main_process)

    def part(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Rows by rank, as even as they come; where there are too few, a row that then counts for nothing."""
        rows = int(batch["labels"].shape[0])
        mine = torch.tensor_split(torch.arange(rows), self._state.num_processes)[self._state.process_index]
        self._share = len(mine) / rows
        chosen = mine if len(mine) else torch.zeros(1, dtype=torch.long)
        return {name: tensor[chosen] for name, tensor in batch.items()}

    def gather(self, run: Run, loss: Tensor) -> Tensor:
        """Add up gradients and loss, each process's by its share of the rows."""
        gradients = [item.grad for item in run.trainable.values() if item.grad is not None]
        flat = torch.cat([*(item.float().flatten() for item in gradients), loss.detach().float().reshape(1)])
        flat = flat * self._share if self._share else torch.zeros_like(flat)
        distributed.all_reduce(flat)
        place = 0
        for gradient in gradients:
            gradient.copy_(flat[place : place + gradient.numel()].view_as(gradient))
            place += gradient.numel()
        return flat[-1]

    def tell(self, data: bytes) -> None:
        """From the first process to all others."""
        distributed.broadcast(torch.tensor([len(data)]), 0, group=self._words)
        if data:
            distributed.broadcast(torch.frombuffer(bytearray(data), dtype=torch.uint8), 0, group=self._words)

    def hear(self) -> bytes:
        """What the first process tells."""
        length = torch.zeros(1, dtype=torch.long)
        distributed.broadcast(length, 0, group=self._words)
        data = torch.empty(int(length), dtype=torch.uint8)
        if len(data):
            distributed.broadcast(data, 0, group=self._words)
        return data.numpy().tobytes()

    def meet(self) -> None:
        """Wait until all have ended the training; a process that does not come ends this one."""
        distributed.monitored_barrier(group=self._words, timeout=MEETING)

    def opener(self, own: Callable[[UpdateId], bytes] | None = None) -> Callable[[UpdateId], bytes]:
        """What the first process's opener gives, or raises, in all of them.

        Args:
            own: the opener; None in all others.
        """

        def opened(update_id: UpdateId) -> bytes:
            return _received(self.hear()) if own is None else self._shared(own, update_id)

        return opened

    def _shared(self, own: Callable[[UpdateId], bytes], update_id: UpdateId) -> bytes:
        try:
            data = own(update_id)
        except LoranchorError as error:
            self.tell(b"!" + json.dumps(error_words(error)).encode())
            raise
        self.tell(b"=" + data)
        return data

    def keepers(self, own: Keepers) -> Keepers:
        """Keepers of whom only the first process's touch the disk."""

        def keeper(round_number: int, identity: Digest) -> TeamKeeper:
            return TeamKeeper(self, identity, own(round_number, identity) if self.first else None)

        return keeper


class TeamKeeper:
    """One checkpoint for all: the first process reads it and tells the others, and writes it for all."""

    def __init__(self, team: LaunchedTeam, identity: Digest, kept: Keeper | None) -> None:
        self._team, self._identity, self._kept = team, identity, kept

    def restore(self, run: Run) -> None:
        if self._kept is not None:
            self._kept.restore(run)
            self._team.tell(dump(run, self._identity) if run.step else b"")
        elif data := self._team.hear():
            load(data, self._identity, run)

    def keep(self, run: Run) -> None:
        if self._kept is not None:
            self._kept.keep(run)


def _received(data: bytes) -> bytes:
    if data[:1] == b"!":
        raise error_of(json.loads(data[1:]))
    return data[1:]
