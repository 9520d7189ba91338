"""Every packaged setting composes, and every experiment is one that can be run."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.contribution import DeltaRules
from orchestrator.data import DataSettings
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy import PrivacySettings, policies
from orchestrator.settings import CONF, choices, compose
from orchestrator.training import AdapterSettings, TrainingSettings
from orchestrator.unlearning import modes

GROUPS = sorted(folder.name for folder in CONF.iterdir() if folder.is_dir())
CHOICES = [(group, name) for group in GROUPS for name in choices(group)]
EXPERIMENTS = choices("experiment")


def task_document(experiment: dict[str, Any]) -> dict[str, Any]:
    """The task object as a daemon makes it, with the digest of no model in particular."""
    task = dict(experiment["task"])
    task["base"] = {**task["base"], "digest": "0x" + "ab" * 32, "architecture": "LlamaForCausalLM"}
    return {"format": "loranchor/task", "version": 1, **task}


@pytest.mark.parametrize(("group", "name"), CHOICES)
def test_every_choice_composes(group: str, name: str) -> None:
    assert compose([f"{group}={name}"]).group(group)


def test_there_is_something_to_choose() -> None:
    assert {"sotu_smollm2", "tiny", "vader_minilm"} <= set(EXPERIMENTS)
    assert {"aggregation", "data", "model", "privacy", "revocation", "training"} <= set(GROUPS)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_makes_a_task(name: str) -> None:
    values = compose([f"experiment={name}"]).values
    experiment = values["experiment"]
    assert experiment["name"] == name
    document = task_document(experiment)
    spec = TaskSpec.from_document(document)
    assert spec.evaluation.metric == experiment["metric"]
    assert spec.base.kind == values["model"]["kind"]
    assert DeltaRules.from_task(document).ranks
    assert AdapterSettings.from_task(document).modules == spec.adapter.modules
    assert TrainingSettings.from_task(document).steps == spec.training.steps
    assert set(PrivacySettings.from_task(document).names) <= set(policies())
    assert values["revocation"]["mode"] in modes()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_has_organisations_with_data_of_their_own(name: str) -> None:
    values = compose([f"experiment={name}"]).values
    experiment = values["experiment"]
    organisations = experiment["organisations"]
    names = [entry["name"] for entry in organisations]
    assert len(set(names)) == len(names) >= experiment["task"]["minimum_updates"]
    assert experiment["revoke"]["organisation"] in names
    shards = [DataSettings.from_experiment(values["data"], entry, experiment["seed"]).shard for entry in organisations]
    assert all(shards.count(shard) == 1 for shard in shards)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_header_says_how_to_launch_it(name: str) -> None:
    text = (CONF / "experiment" / f"{name}.yaml").read_text(encoding="utf-8")
    assert "make demo" in text.split("defaults:")[0]


def test_groups_and_values_can_be_changed() -> None:
    values = compose(["experiment=sotu_smollm2", "model=tiny", "training.steps=3", "aggregation=validated"]).values
    assert values["model"]["name"] == "tiny:llama"
    assert values["experiment"]["task"]["training"]["steps"] == 3
    assert values["experiment"]["task"]["verdict"]["policy"] == "validation"


def test_an_unknown_experiment() -> None:
    with pytest.raises(ConfigurationError, match="sotu_smollm2"):
        compose(["experiment=sotu"])
