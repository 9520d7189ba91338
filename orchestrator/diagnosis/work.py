"""Checks of what a daemon works with, where an experiment is chosen: model, data, and its own limits on the task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import util
from typing import Any

from orchestrator.daemon.equipment import task_without_base
from orchestrator.diagnosis.finding import Check, guarded
from orchestrator.errors import ConfigurationError
from orchestrator.participation import Limits, Participation, refusals
from orchestrator.privacy import policy_named
from orchestrator.settings import Settings


def work(settings: Settings) -> Iterator[Check]:
    """Nothing without an experiment: an auditor's installation has neither model nor data."""
    yield guarded("participation", lambda: _participation(settings))
    if settings.values.get("experiment") is None:
        return
    yield guarded("accept", lambda: _accept(settings))
    yield guarded("privacy", lambda: _privacy(settings))
    if util.find_spec("torch") is None:
        yield Check("model", "absent", "torch is not installed", "pip install 'loranchor[train]'")
        return
    yield guarded("model", lambda: _model(settings))
    if settings.organisation is not None:
        yield guarded("data", lambda: _data(settings))


def _participation(settings: Settings) -> Check:
    """Policy and limits can be read."""
    name = settings.organisation.name if settings.organisation else ""
    chosen = Participation.from_settings(settings.values, name)
    Limits.from_settings(settings.values)
    return Check("participation", "ok", f"policy {type(chosen.policy).__name__}")


def _accept(settings: Settings) -> Check:
    """The organisation would train for its own experiment's task, as far as that is known without the model."""
    task, limits = task_without_base(settings), Limits.from_settings(settings.values)
    cannot = policy_named(task.privacy.policy).objections(task)
    refused = [item for item in (*refusals(task, limits), *cannot) if not item.startswith("base.")]
    if refused:
        told = f"this organisation would pass every round of this experiment: {'; '.join(refused)}"
        return Check("accept", "warning", told, "widen accept, or choose another experiment")
    return Check("accept", "ok", "within this organisation's limits")


def _privacy(settings: Settings) -> Check:
    """Whom the experiment's privacy policy protects, and what there is to know of it."""
    task = task_without_base(settings)
    policy = policy_named(task.privacy.policy)
    told = f"{task.privacy.policy}: {policy.promise.protects}"
    if warnings := list(policy.warnings(task)):
        return Check("privacy", "warning", f"{told} {'; '.join(warnings)}", "see docs/privacy-policies.md")
    return Check("privacy", "ok", told)


def _model(settings: Settings) -> Check:
    from orchestrator.cache import cache_folder
    from orchestrator.models import resolve

    name = str(settings.group("model")["name"])
    found = resolve(name, cache=cache_folder())
    return Check("model", "ok", f"{name}{f' in {found.folder}' if found.folder else ''}")


def _data(settings: Settings) -> Check:
    from orchestrator.data import DataSettings, load_documents

    organisation, experiment = settings.organisation, settings.group("experiment")
    entries: list[Mapping[str, Any]] = experiment["organisations"]
    entry = next((item for item in entries if organisation and item["name"] == organisation.name), None)
    if entry is None or organisation is None:
        names = ", ".join(str(item["name"]) for item in entries)
        who = organisation.name if organisation else "nobody"
        raise ConfigurationError(f"experiment {experiment['name']} has no data for {who}", mend=f"it is for {names}")
    chosen = DataSettings.from_experiment(settings.group("data"), entry, int(experiment["seed"]))
    found = load_documents(chosen)
    return Check("data", "ok", f"{len(found)} documents of {chosen.source}")
