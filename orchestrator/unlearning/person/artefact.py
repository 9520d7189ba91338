"""A trained meta-loss as a file: safetensors, named by the SHA-256 of its bytes, and bound to the model it is for.

It lies beside the model. A model that changed, by a fold, a revocation or another step, is another one, and the
meta-loss has to be trained anew for it: the file says which, and is refused for any other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import nn

from orchestrator.errors import DataError
from orchestrator.files import write_atomic
from orchestrator.models.base import state_digest
from orchestrator.unlearning.person.meta_loss import MetaLoss, Shape

FORMAT = "loranchor/meta-loss"
VERSION = 2
PREFIX = "meta-loss-"


@dataclass(frozen=True, slots=True)
class _About:
    model: str
    rate: float


def store(meta: MetaLoss, model: nn.Module, folder: Path, *, rate: float) -> Path:
    """Write the meta-loss and the η it was trained with; equal ones have equal names and bytes."""
    about = {"version": VERSION, "model": state_digest(model), "rate": rate, "shape": asdict(meta.shape)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(meta.state_dict().items())}
    data = safetensors.torch.save(tensors, {FORMAT: json.dumps(about, sort_keys=True)})
    place = folder / f"{PREFIX}{hashlib.sha256(data).hexdigest()}.safetensors"
    write_atomic(place, data)
    return place


def load(path: Path, model: nn.Module) -> tuple[MetaLoss, float]:
    """The meta-loss and its η.

    Raises:
        DataError: the file is not there, is not what its name says, is no meta-loss, or was trained for another model.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", mend="train a meta-loss first") from error
    if path.name != f"{PREFIX}{hashlib.sha256(data).hexdigest()}.safetensors":
        raise DataError(f"{path} does not hold what its name says", mend="take an unaltered copy, or train it anew")
    try:
        about, meta = _read(path, data)
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"{path} is no meta-loss: {error}", mend="train it anew") from error
    if about.model != state_digest(model):
        raise DataError(f"{path} was trained for another model", mend="train a meta-loss for the model as it is now")
    return meta, about.rate


def _read(path: Path, data: bytes) -> tuple[_About, MetaLoss]:
    with safetensors.safe_open(path, framework="pt") as opened:
        about = json.loads((opened.metadata() or {})[FORMAT])
    if about["version"] != VERSION:
        raise ValueError(f"version {about['version']}")
    shape = about["shape"]
    meta = MetaLoss(Shape(**{**shape, "people": tuple(shape["people"])}))
    meta.load_state_dict(safetensors.torch.load(data))
    if not all(bool(torch.isfinite(tensor).all()) for tensor in meta.state_dict().values()):
        raise ValueError("a weight is not finite")
    meta.eval()
    return _About(str(about["model"]), float(about["rate"])), meta
