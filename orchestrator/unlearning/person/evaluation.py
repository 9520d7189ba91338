"""`loranchor evaluate one-shot`: a trial of some methods, its figures, and a model folder to go on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from rich.table import Table

from orchestrator.data.images.face_folders import load_faces
from orchestrator.data.images.faces import Faces
from orchestrator.data.images.orl import orl_faces
from orchestrator.errors import ConfigurationError
from orchestrator.files import write_json
from orchestrator.unlearning.person import folder as folders
from orchestrator.unlearning.person.admission import FaceSpace
from orchestrator.unlearning.person.trial import (
    ASKING,
    META,
    METHODS,
    ORIGINAL,
    RETRAINED,
    Size,
    Split,
    accuracies,
    membership,
    meta_loss,
    split,
    trained,
    tug_of_war,
    unlearned,
)
from orchestrator.unlearning.subject import Subject, derived

FORMAT = "loranchor/one-shot-evaluation"
VERSION = 1
KEPT_EACH = 2
"""Pictures of each person that a model folder keeps, to measure harm by."""
Told = Callable[[str, float], None]
"""What is done, and which share of all is."""


def size_of(group: Mapping[str, Any]) -> Size:
    """The settings of ``conf/evaluation/one_shot.yaml``.

    Raises:
        ConfigurationError: a setting is unknown or of another kind.
    """
    kinds: dict[str, type[Any]] = {name: type(value) for name, value in asdict(Size()).items()}
    unknown = sorted(set(group) - set(kinds))
    if unknown:
        raise ConfigurationError(f"no setting evaluation.{unknown[0]}", mend=f"choose of {', '.join(kinds)}")
    try:
        return Size(**{name: kinds[name](value) for name, value in group.items()})
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"a setting of evaluation is of another kind: {error}", mend="see one_shot") from error


def faces_named(name: str, folder: Path | None) -> Faces:
    """ORL's faces, or those of a set in the user's folder.

    Raises:
        ConfigurationError: no such set, or no folder for one that needs it. DataError: as the loaders.
    """
    if name == "orl":
        return orl_faces(folder)
    if folder is None:
        raise ConfigurationError(f"{name} is in no package", mend="say with --folder where it is")
    return load_faces(name, folder, most=400)


def evaluate(
    faces: Faces, size: Size, output: Path, methods: Sequence[str], *, asking: int, seed: int, told: Told
) -> dict[str, Any]:
    """Make a folder with ``evaluation.json`` and, where a method has a meta-loss, ``model``.

    Raises:
        ConfigurationError: an unknown method, more people than may ask, or the folder is there and not empty.
        DataError: the faces are too few. NotFinite: a training ran away.
    """
    _check(methods, asking, output)
    parts = split(faces, size, seed)
    steps = 3 + 2 * len(methods)
    told("the model", 0.0)
    begin = time.perf_counter()
    base = trained(parts.training, parts.scale, size, derived(seed, ORIGINAL))
    told("a model without who asks", 1 / steps)
    _, retain = parts.first(asking)
    retrained, reference = (
        trained(retain, parts.scale, size, derived(seed, name)) for name in (RETRAINED, "reference")
    )
    rows = [_row(ORIGINAL, base, retrained, reference, parts, asking, None)]
    rows.append(_row(RETRAINED, retrained, retrained, reference, parts, asking, None))
    made: dict[str, Any] = {}
    for place, name in enumerate(methods):
        told(name, (3 + 2 * place) / steps)
        meta = None
        if name in META:
            meta, values = meta_loss(base, parts, size, name)
            made.setdefault("meta", meta)
            made[name] = values
        start = time.perf_counter()
        subject = unlearned(base, parts, size, name, asking, meta)
        rows.append(_row(name, subject, retrained, reference, parts, asking, time.perf_counter() - start))
    document = {
        "format": FORMAT, "version": VERSION, "seed": seed, "asking": asking, "people": parts.asking[:asking],
        "pictures": len(faces), "size": {field.name: getattr(size, field.name) for field in fields(Size)},
        "objective": {name: values for name, values in made.items() if name != "meta"},
        "rows": rows, "seconds": round(time.perf_counter() - begin, 3),
    }  # fmt: skip
    if "meta" in made:
        store(output / "model", base, made["meta"], parts, size)
    write_json(output / "evaluation.json", document)
    return document


def store(place: Path, base: Subject, meta: Any, parts: Split, size: Size) -> None:
    """The base with its meta-loss as a folder that `loranchor revoke one-shot` takes."""
    training = parts.training
    kept = [at for person in sorted(set(training.people.tolist())) for at in _first(training, person)]
    about = folders.About(
        size.network,
        training.names,
        int(training.pixels.shape[1]),
        size.height,
        size.width,
        parts.scale.mean,
        parts.scale.deviation,
    )
    space = FaceSpace.of(training, parts.validation, base.model, parts.scale)
    folders.create(place, about, base.model, meta, size.step_rate, space, training.at(kept))


def table(document: Mapping[str, Any]) -> Table:
    """The rows for people."""
    made = Table("model", "ToW", "forget", "retain", "test", "RMIA AUC", "seconds")
    for row in document["rows"]:
        cells = [f"{row[name]:.2f}" for name in ("tow", "forget", "retain", "test")]
        seconds = "-" if row["seconds"] is None else f"{row['seconds']:.2f}"
        made.add_row(row["model"], *cells, f"{row['rmia']:.3f}", seconds)
    return made


def _row(
    name: str,
    subject: Subject,
    retrained: Subject,
    reference: Subject,
    parts: Split,
    asking: int,
    seconds: float | None,
) -> dict[str, Any]:
    own, other = accuracies(subject, parts, asking), accuracies(retrained, parts, asking)
    return {
        "model": name,
        "tow": tug_of_war(own, other),
        **own,
        "gaps": {part: own[part] - other[part] for part in own},
        "rmia": membership(subject, reference, parts, asking),
        "seconds": seconds,
    }


def _first(faces: Faces, person: int) -> list[int]:
    found: list[int] = (faces.people == person).nonzero()[:, 0].tolist()
    return found[:KEPT_EACH]


def _check(methods: Sequence[str], asking: int, output: Path) -> None:
    for name in methods:
        if name not in METHODS:
            raise ConfigurationError(f"unknown method {name!r}", mend=f"choose of {', '.join(METHODS)}")
    if not 1 <= asking <= ASKING:
        raise ConfigurationError(f"{asking} people ask", mend=f"from 1 to {ASKING}")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ConfigurationError(f"{output} is not empty", mend="name a new folder")
