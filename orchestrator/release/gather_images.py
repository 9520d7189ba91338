"""From folders of image classifiers and files of pictures to what checks look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.errors import DataError
from orchestrator.export.record import read_record
from orchestrator.models.base import tensors_digest
from orchestrator.release.check import Subject
from orchestrator.release.image_models import Normalised, read_image_model, read_images
from orchestrator.release.opened import Images, Opened
from orchestrator.release.parts import LEAST, Answers, Gathered, common
from orchestrator.release.settings import ReleaseSettings
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId
from orchestrator.unlearning.evaluation.readings import read
from orchestrator.unlearning.subject import Subject as Asked
from orchestrator.unlearning.tasks import ImageTask

TRAINED = ("members",)
KNOWN = ("members", "others", "population")


def gather_images(model: Path, references: Sequence[str], settings: ReleaseSettings) -> Gathered:
    """Load the models and the sets, and ask.

    Raises:
        DataError: a folder is no image classifier, another network than the first, or a set cannot be used.
    """
    whole = read_image_model(model)
    others = [_alike(Path(name).expanduser(), whole) for name in references]
    if len({_digest(whole), *map(_digest, others)}) != 1 + len(others):
        raise DataError("a reference is the model over again, or another reference", mend="give another one, or none")
    kept: dict[OrganisationId | None, Any] = {
        name: _alike(Path(folder).expanduser(), whole) for name, folder in settings.folds.items()
    }
    sets = _sets(settings, whole)
    parts: dict[str, Any] = {
        name: Answers(_answers(whole, one, settings.batch), tuple(_answers(net, one, settings.batch) for net in others))
        for name, (one, _) in sets.items()
    }
    folds = Kept({None: whole, **kept}) if kept else None
    data: dict[str, Any] = {name: one for name, (one, _) in sets.items()}
    parts["opened"] = Opened(whole, whole.config.classes, data, folds=folds)
    record = read_record(model) or {}
    return Gathered(
        Subject(
            model, "image_classifier", Digest(record.get("manifest", ZERO_DIGEST)), parts | common(settings, folds)
        ),
        _digest(whole),
        tuple(map(_digest, others)),
        {name: (digest, len(one)) for name, (one, digest) in sets.items()},
    )


def _alike(folder: Path, whole: Normalised) -> Normalised:
    found = read_image_model(folder)
    if found.config != whole.config:
        raise DataError(f"{folder} is a {found.config}, the model a {whole.config}", mend="give models of one network")
    return found


def _sets(settings: ReleaseSettings, whole: Normalised) -> Mapping[str, tuple[Images, Digest]]:
    found: dict[str, tuple[Images, Digest]] = {}
    seen: set[bytes] = set()
    for name in (name for name in KNOWN if name in settings.sets):
        (part, *more) = settings.sets[name]
        if more:
            raise DataError(f"release.{name} names several files", mend="put the pictures into one")
        images, keys, digest = read_images(name, part.file, whole.config)
        if name not in TRAINED and any(key in seen for key in keys):
            raise DataError(f"release.{name} has pictures of release.members", mend="give sets of different pictures")
        seen |= set(keys) if name in TRAINED else set()
        if len(images) < LEAST:
            raise DataError(f"release.{name} has {len(images)} pictures, at least {LEAST} are needed")
        count = settings.samples
        found[name] = Images(images.pixels[:count], images.labels[:count]), digest
    return found


def _answers(network: Normalised, images: Images, batch: int) -> Any:
    asked = Asked.whole(network, ImageTask(network.config.classes))
    batches = (
        {"pixel_values": images.pixels[start : start + batch], "labels": images.labels[start : start + batch]}
        for start in range(0, len(images), batch)
    )
    return read(asked, batches)


def _digest(network: Normalised) -> Digest:
    return tensors_digest(sorted(network.net.state_dict().items()))
