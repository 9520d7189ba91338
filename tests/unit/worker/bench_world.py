"""An organisation with a folder of texts and a tiny model, as settings say it and as a task sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unit.ledger.actors import AURORA, task, word_of

from orchestrator.daemon.equipment import equipment_of
from orchestrator.daemon.process_workbench import ProcessWorkbench
from orchestrator.daemon.worker_settings import WorkerSettings
from orchestrator.ledger.manifest import Entry, Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import load_base, resolve
from orchestrator.settings import Settings
from orchestrator.types import ZERO_DIGEST, OrganisationId, UpdateId
from orchestrator.worker.torch_workbench import TorchWorkbench

ONE = 1 << 32


def write_texts(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(20):
        (folder / f"{number}.txt").write_text(f"line {number} of what this organisation knows, and nobody else")
    return folder


def values_of(texts: Path, **experiment: Any) -> dict[str, Any]:
    """The groups of settings that a worker needs."""
    return {
        "model": {"name": "tiny:llama", "labels": 0},
        "data": {"source": "text", "folder": str(texts), "validation": {"share": 200_000, "limit": 4}},
        "experiment": {
            "name": "texts",
            "seed": 7,
            "device": "cpu",
            "threads": 1,
            "organisations": [{"name": AURORA, "shard": {}}],
            **experiment,
        },
    }


def in_process(texts: Path) -> TorchWorkbench:
    return TorchWorkbench(equipment_of(Settings(values_of(texts)), AURORA))


def by_process(texts: Path, home: Path, **settings: Any) -> ProcessWorkbench:
    return ProcessWorkbench(AURORA, values_of(texts), home, WorkerSettings(**settings))


def spec_of(steps: int = 3, *, base: str | None = None, **verdict: Any) -> TaskSpec:
    training = {"batch": 2, "length": 24, "learning_rate_nano": 20_000_000, "optimizer": "adamw", "seed": 7}
    rules = {"policy": "structural", "filters": [], "minimum_score": 0, "max_norm": 50_000_000, "max_rank": 8}
    digest = base or load_base(resolve("tiny:llama")).digest
    architecture = {"digest": digest, "architecture": "LlamaForCausalLM", "kind": "causal_lm"}
    return task(base=architecture, training={"steps": steps, **training}, verdict={**rules, **verdict})


def manifest_of(spec: TaskSpec, *updates: tuple[str, OrganisationId]) -> Manifest:
    entries = tuple(
        Entry(1, organisation, UpdateId(name), ZERO_DIGEST, ZERO_DIGEST, ZERO_DIGEST, ONE // len(updates))
        for name, organisation in updates
    )
    return Manifest(spec.base.digest, word_of("settings"), "stack", entries)


def nothing(update_id: UpdateId) -> bytes:
    """An opener that is not to be asked."""
    raise AssertionError(f"nobody should open {update_id}")


def quiet(step: int, steps: int) -> None:
    """Nobody listens."""
