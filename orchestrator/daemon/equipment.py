"""From settings to what a daemon works with: equipment, task and agreement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.task import TaskSpec
from orchestrator.settings import Settings
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId

if TYPE_CHECKING:
    from orchestrator.worker.torch_workbench import Equipment

EXAMPLE_AGREEMENT = Path(__file__).parent / "agreement.json"
BASE_SEED = 0
"""Seed of parameters that no file holds, such as a classifier's head; the same for all, so that all have one base."""


NEEDED = ("data", "experiment", "model")
"""Groups of settings that say what a worker works with."""


def organisation_of(settings: Settings) -> OrganisationId:
    """Whose settings these are.

    Raises:
        ConfigurationError: nobody's.
    """
    if settings.organisation is None:
        raise ConfigurationError("no organisation is given", mend="name its folder with --home")
    return settings.organisation.name


def groups_of(settings: Settings) -> dict[str, Any]:
    """What :func:`equipment_of` needs, as plain values for another process.

    Raises:
        ConfigurationError: nothing was chosen for one of them.
    """
    return {name: _plain(settings.group(name)) for name in NEEDED}


def equipment_of(settings: Settings, organisation: OrganisationId | None = None) -> Equipment:
    """Model, data and device of an organisation, by default the one whose settings these are.

    Raises:
        ConfigurationError: the experiment has no data for this organisation.
    """
    from orchestrator.cache import cache_folder
    from orchestrator.data import DataSettings
    from orchestrator.worker.torch_workbench import Equipment

    experiment, model = settings.group("experiment"), settings.group("model")
    name = organisation or organisation_of(settings)
    entry = next((item for item in experiment["organisations"] if item["name"] == name), None)
    if entry is None:
        names = ", ".join(str(item["name"]) for item in experiment["organisations"])
        raise ConfigurationError(f"experiment {experiment['name']} has no data for {name}", mend=f"it is for {names}")
    return Equipment(
        organisation=name,
        model=str(model["name"]),
        data=DataSettings.from_experiment(settings.group("data"), entry, int(experiment["seed"])),
        labels=int(model["labels"]),
        device=str(experiment["device"]),
        threads=int(experiment["threads"]),
        cache=cache_folder(),
    )


def check_equipment(equipment: Equipment) -> None:
    """Refuse at once what would fail after minutes: a model or data that are not there.

    Raises:
        DataError: no such model, or an empty shard. ConfigurationError: no such source or device, or a package that
            anonymising needs is not installed.
    """
    from orchestrator.anonymise.find import finders
    from orchestrator.data import load_documents
    from orchestrator.models import resolve

    resolve(equipment.model, cache=equipment.cache)
    if equipment.data.anonymise is not None:
        finders()
    load_documents(equipment.data)


def task_of_settings(settings: Settings) -> TaskSpec:
    """The experiment's task, completed by the base model's digest. Loads the model.

    Raises:
        DataError: no such model. FormatError: the task's settings are not those of a task.
    """
    from orchestrator.cache import cache_folder
    from orchestrator.models import load_base, resolve

    experiment, model = settings.group("experiment"), settings.group("model")
    source = resolve(str(model["name"]), cache=cache_folder())
    base = load_base(source, kind=model["kind"], labels=int(model["labels"]), seed=BASE_SEED, cache=cache_folder())
    document: dict[str, Any] = {"format": "loranchor/task", "version": 1, **_plain(experiment["task"])}
    document["base"] = {"digest": base.digest, "architecture": base.architecture, "kind": base.kind}
    return TaskSpec.from_document(document)


def task_without_base(settings: Settings) -> TaskSpec:
    """The same as far as it is known without the model: the base model's digest is none.

    Raises:
        ConfigurationError: no experiment is chosen. FormatError: the task's settings are not those of a task.
    """
    document: dict[str, Any] = {
        "format": "loranchor/task",
        "version": 1,
        **_plain(settings.group("experiment")["task"]),
    }
    document["base"] = {**document["base"], "digest": ZERO_DIGEST, "architecture": "any"}
    return TaskSpec.from_document(document)


_AGREEMENT = "give JSON with title, purpose and a list of terms"


def agreement_of(path: Path | None, consortium_id: Digest, parties: Iterable[str]) -> Agreement:
    """The agreement that a file describes, among the consortium's members.

    Args:
        path: JSON with ``title``, ``purpose`` and ``terms``; the packaged example's if None.

    Raises:
        ConfigurationError: no such file, or it is no such JSON.
    """
    chosen = path or EXAMPLE_AGREEMENT
    try:
        words = json.loads(chosen.read_text(encoding="utf-8"))
        _check_words(chosen, words)
        return Agreement.of(consortium_id, words["title"], list(parties), words["purpose"], words["terms"])
    except OSError as error:
        raise ConfigurationError(f"cannot read the agreement {chosen}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{chosen} is not an agreement: {error}", mend=_AGREEMENT) from error


def _check_words(path: Path, words: Any) -> None:
    told = ""
    if isinstance(words, dict):
        lacking = sorted({"title", "purpose", "terms"} - set(words))
        if not lacking and isinstance(words["terms"], list):
            return
        told = f": it lacks {', '.join(lacking)}" if lacking else ": its terms are no list"
    raise ConfigurationError(f"{path} is not an agreement{told}", mend=_AGREEMENT)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
