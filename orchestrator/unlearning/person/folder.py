"""A model of faces in a folder, with what forgetting by one picture needs, and its log of requests.

    about.json            network, attributes, size and scale of pictures; how long a window is, how much may be lost
    model-<digest>.safetensors   the base, and while a window is open the model as it is now beside it
    meta-loss-<digest>.safetensors   trained for the base, and for nothing else
    faces.safetensors     what the distances of admission are measured by
    kept.safetensors      pictures of people, by which the harm of a step is measured; no support picture is among them
    state.json            which file is which, when the window opened, and what became of each request

A change writes the new model under a name of its own and then ``state.json``, so that a crash leaves the state before
or after. The base's file is not written again, and goes only when the window is closed.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from orchestrator.data.images.faces import Faces
from orchestrator.data.images.pictures import Scale
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.files import write_atomic, write_json
from orchestrator.models.base import state_digest
from orchestrator.models.faces import face_model
from orchestrator.unlearning.person import artefact
from orchestrator.unlearning.person.admission import FaceSpace
from orchestrator.unlearning.person.meta_loss import MetaLoss

FORMAT = "loranchor/person-model"
VERSION = 1
ABOUT, STATE, FACES, KEPT = "about.json", "state.json", "faces.safetensors", "kept.safetensors"
PREFIX = "model-"


@dataclass(frozen=True, slots=True)
class About:
    """What never changes of a folder.

    Attributes:
        network: of :func:`orchestrator.models.faces.face_model`. attributes: names of the outputs.
        window_hours: how long at least the base is kept beside its successor.
        step_points, budget_points: accuracy on the kept pictures that one request, and all of a window, may cost.
    """

    network: str
    attributes: tuple[str, ...]
    channels: int
    height: int
    width: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    window_hours: float = 72.0
    step_points: float = 2.0
    budget_points: float = 2.0

    @property
    def scale(self) -> Scale:
        return Scale(self.mean, self.deviation)


@dataclass(frozen=True, slots=True)
class State:
    """Which file is which.

    Attributes:
        base, current: digests of models; equal where no window is open. meta: the meta-loss's file.
        opened: when the window did, ISO 8601; None without one. requests: the log, oldest first.
    """

    base: str
    current: str
    meta: str
    opened: str | None = None
    requests: tuple[Mapping[str, Any], ...] = field(default=())


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """One change of a folder at a time.

    Raises:
        ConfigurationError: there is no such folder, or another process is at it.
    """
    check_there(folder)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"another request is at {folder}", mend="try again when it is done") from None
        yield


def check_there(folder: Path) -> None:
    """Raises: ConfigurationError: there is no such folder."""
    if not (folder / ABOUT).is_file():
        raise ConfigurationError(f"{folder} holds no model of faces", mend="make one: `loranchor evaluate one-shot`")


def create(
    folder: Path, about: About, model: nn.Module, meta: MetaLoss, rate: float, space: FaceSpace, kept: Faces
) -> None:
    """A new folder.

    Args:
        model: trained. meta, rate: the meta-loss for it, and its η. kept: pictures to measure harm by.

    Raises:
        ConfigurationError: the folder is there and not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} is not empty", mend="name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    digest = store_model(folder, model)
    meta_file = artefact.store(meta, model, folder, rate=rate).name
    write_atomic(folder / FACES, safetensors.torch.save(space.tensors()))
    store_kept(folder, kept)
    store_state(folder, State(digest, digest, meta_file))
    write_json(folder / ABOUT, {"format": FORMAT, "version": VERSION, **asdict(about)})


def read_about(folder: Path) -> About:
    """Raises: ConfigurationError: there is no such folder. DataError: the file is not of this format."""
    check_there(folder)
    document = _json(folder / ABOUT)
    if (document.pop("format", None), document.pop("version", None)) != (FORMAT, VERSION):
        raise DataError(f"{folder / ABOUT} is not {FORMAT} {VERSION}", mend="make the folder anew")
    try:
        tuples = {name: tuple(document[name]) for name in ("attributes", "mean", "deviation")}
        return About(**{**document, **tuples})
    except (TypeError, KeyError) as error:
        raise DataError(f"{folder / ABOUT} does not say all: {error}", mend="make the folder anew") from error


def read_state(folder: Path) -> State:
    """Raises: DataError: the file is not there or not of this format."""
    document = _json(folder / STATE)
    try:
        return State(**{**document, "requests": tuple(document["requests"])})
    except (TypeError, KeyError) as error:
        raise DataError(f"{folder / STATE} does not say all: {error}", mend="make the folder anew") from error


def store_state(folder: Path, state: State) -> None:
    """Write which file is which; models that it no longer names go."""
    write_json(folder / STATE, asdict(state))
    named = {_place(folder, state.base), _place(folder, state.current)}
    for path in folder.glob(f"{PREFIX}*.safetensors"):
        if path not in named:
            path.unlink()


def store_model(folder: Path, model: nn.Module) -> str:
    """Write a model under its state digest; returns that."""
    digest = str(state_digest(model))
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(model.state_dict().items())}
    write_atomic(_place(folder, digest), safetensors.torch.save(tensors))
    return digest


def read_model(folder: Path, about: About, digest: str) -> nn.Module:
    """Raises: DataError: the file is not there, or does not hold what its name says."""
    model = face_model(
        about.network, len(about.attributes), channels=about.channels, height=about.height, width=about.width
    )
    try:
        model.load_state_dict(_tensors(_place(folder, digest)))
    except RuntimeError as error:
        raise DataError(f"{_place(folder, digest)} is no such model", mend="take an unaltered copy") from error
    if str(state_digest(model)) != digest:
        raise DataError(f"{_place(folder, digest)} does not hold what its name says", mend="take an unaltered copy")
    return model.eval()


def read_space(folder: Path) -> FaceSpace:
    """Raises: DataError: the file is not there or not of this format."""
    try:
        return FaceSpace(**_tensors(folder / FACES))
    except TypeError as error:
        raise DataError(f"{folder / FACES} is no space of faces", mend="make the folder anew") from error


def read_kept(folder: Path, about: About) -> Faces:
    """Raises: DataError: the file is not there or not of this format."""
    found = _tensors(folder / KEPT)
    try:
        return Faces(found["pixels"], found["people"], found["labels"], about.attributes)
    except KeyError as error:
        raise DataError(f"{folder / KEPT} holds no pictures", mend="make the folder anew") from error


def store_kept(folder: Path, kept: Faces) -> None:
    """Write the pictures that harm is measured by."""
    tensors = {name: getattr(kept, name).contiguous() for name in ("pixels", "people", "labels")}
    write_atomic(folder / KEPT, safetensors.torch.save(tensors))


def _place(folder: Path, digest: str) -> Path:
    return folder / f"{PREFIX}{digest.removeprefix('0x')}.safetensors"


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        found: dict[str, Tensor] = safetensors.torch.load(path.read_bytes())
    except (OSError, safetensors.SafetensorError) as error:
        raise DataError(f"{path} cannot be read: {error}", mend="take an unaltered copy") from error
    if not all(bool(torch.isfinite(tensor.float()).all()) for tensor in found.values()):
        raise DataError(f"{path} holds a number that is not finite", mend="take an unaltered copy")
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}", mend="take an unaltered copy") from error
    if not isinstance(document, dict):
        raise DataError(f"{path} is no JSON object", mend="take an unaltered copy")
    return document
