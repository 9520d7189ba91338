"""Checkpoints of a training: adapter, optimizer, random numbers and step, so that another process goes on with it.

One safetensors file a round, private, written whole or not at all. What is read back gives the very bits that were
there, so that on one CPU thread a training that was killed ends as one that was not.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from orchestrator.files import write_atomic
from orchestrator.training import Run
from orchestrator.types import Digest
from orchestrator.worker.kept import checkpoint_path, discard

FORMAT, VERSION = "loranchor/training-checkpoint", "1"

_log = logging.getLogger(__name__)


class FolderKeeper:
    """Keeps one round's training in a file.

    Args:
        folder: of checkpoints. identity: digest of all that decides the training's bits; others' files are not used.
        every: seconds between two checkpoints. clock: gives seconds.
    """

    def __init__(
        self,
        folder: Path,
        round_number: int,
        identity: Digest,
        every: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._identity, self._every, self._clock = (
            checkpoint_path(folder, round_number),
            identity,
            every,
            clock,
        )
        self._due = clock() + every
        discard(folder, but=round_number)

    def restore(self, run: Run) -> None:
        self.restore_from(self.stored(), run)

    def stored(self) -> bytes | None:
        """The file, if there is one."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def restore_from(self, data: bytes | None, run: Run) -> None:
        """Go on from a checkpoint; one of another training, or a damaged one, is as none."""
        if data is None:
            return
        try:
            load(data, self._identity, run)
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            _log.warning("the checkpoint %s is not used: %s", self._path.name, error)
        else:
            _log.info("the training goes on after step %d", run.step)

    def keep(self, run: Run) -> None:
        if self._clock() < self._due:
            return
        try:
            write(self._path, dump(run, self._identity))
        except OSError as error:  # a full disk costs the checkpoint, not the training
            _log.warning("no checkpoint could be kept: %s", error)
        self._due = self._clock() + self._every


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, data, mode=0o600)


def dump(run: Run, identity: Digest) -> bytes:
    """A run between two steps, as the bytes of a safetensors file."""
    state = run.optimizer.state_dict()["state"]
    tensors: dict[str, Tensor] = {"random": torch.get_rng_state()}
    if run.device.type == "cuda":
        tensors["random-cuda"] = torch.cuda.get_rng_state(run.device)
    for place, (name, parameter) in enumerate(run.trainable.items()):
        tensors[f"parameter/{name}"] = parameter.detach()
        for key, value in state.get(place, {}).items():
            tensors[f"optimizer/{key}/{name}"] = value
    told = {"samples": run.samples, "losses": run.losses, "keys": sorted(_keys(state))}
    about = {"format": FORMAT, "version": VERSION, "identity": identity, "step": str(run.step), "run": json.dumps(told)}
    return safetensors.torch.save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, about)


def load(data: bytes, identity: Digest, run: Run) -> None:
    """Bring a run to where it was kept.

    Raises:
        ValueError, KeyError, SafetensorError: it is a checkpoint of something else, or none; the run is as it was.
    """
    about, tensors = _about(data), safetensors.torch.load(data)
    if (about["format"], about["version"], about["identity"]) != (FORMAT, VERSION, identity):
        raise ValueError("it is of another training")
    told, step = json.loads(about["run"]), int(about["step"])
    losses, samples = [float(loss) for loss in told["losses"]], int(told["samples"])
    state = {
        place: {key: tensors[f"optimizer/{key}/{name}"] for key in told["keys"]}
        for place, name in enumerate(run.trainable)
    }
    if len(losses) != step or not _fits(tensors, state, run):
        raise ValueError("its parts do not agree")
    with torch.no_grad():
        for name, parameter in run.trainable.items():
            parameter.copy_(tensors[f"parameter/{name}"])
    run.optimizer.load_state_dict({**run.optimizer.state_dict(), "state": state})
    torch.set_rng_state(tensors["random"])
    if run.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random-cuda"], run.device)
    run.step, run.samples, run.losses = step, samples, losses


def _fits(tensors: Mapping[str, Tensor], state: Mapping[int, Mapping[str, Tensor]], run: Run) -> bool:
    for place, (name, parameter) in enumerate(run.trainable.items()):
        kept = (tensors[f"parameter/{name}"], *(value for value in state[place].values() if value.ndim))
        if any(tensor.shape != parameter.shape for tensor in kept):
            return False
    return tensors["random"].shape == torch.get_rng_state().shape


def _keys(state: Mapping[int, Mapping[str, Any]]) -> set[str]:
    return {key for values in state.values() for key in values}


def _about(data: bytes) -> dict[str, str]:
    size = int.from_bytes(data[:8], "little")
    found = json.loads(data[8 : 8 + size])["__metadata__"]
    return {name: str(found[name]) for name in ("format", "version", "identity", "step", "run")}
