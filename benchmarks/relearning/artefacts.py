"""Tensors that several cells need: made once, kept under the digest of all that they depend on."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from torch import Tensor

from benchmarks.harness.cells import Configuration, Identity
from benchmarks.harness.machine import code_digest, versions
from orchestrator.files import write_atomic
from tools.setup.paths import ROOT

FOLDER = ROOT / "runs" / "bench" / "artefacts" / "relearning"
SOURCES = (
    *(f"benchmarks/relearning/{name}.py" for name in ("memorisation", "stages", "training")),
    "orchestrator/data/images",
    "orchestrator/models/resnet.py",
    "orchestrator/models/seeded.py",
)
PACKAGES = ("torch",)


def artefact(about: Configuration, make: Callable[[], Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors of that description, on the CPU; another process that makes them just now is waited for.

    Args:
        about: all that decides their values besides :data:`SOURCES` and :data:`PACKAGES`.
    """
    from safetensors.torch import load_file, save

    path = FOLDER / f"{_identity().digest(about)[2:]}.safetensors"
    with _locked(path.with_suffix(".lock")):
        if not path.is_file():
            write_atomic(path, save({name: tensor.detach().cpu().contiguous() for name, tensor in make().items()}))
        return load_file(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@cache
def _identity() -> Identity:
    return Identity("relearning-artefacts", code_digest(ROOT, SOURCES), versions(PACKAGES))
