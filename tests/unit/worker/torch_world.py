"""Tasks, manifests and contributions for a workbench with a tiny model."""

from __future__ import annotations

from typing import Any

from unit.ledger.actors import task, word_of

from orchestrator.errors import ContentKeyDestroyed
from orchestrator.ledger.manifest import Entry, Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId, UpdateId

ONE = 1 << 32


def spec_of(base: Digest, **verdict: Any) -> TaskSpec:
    training = {"steps": 3, "batch": 2, "length": 24, "learning_rate_nano": 20_000_000, "optimizer": "adamw", "seed": 7}
    rules = {"policy": "structural", "filters": [], "minimum_score": 0, "max_norm": 50_000_000, "max_rank": 8}
    architecture = {"digest": base, "architecture": "LlamaForCausalLM", "kind": "causal_lm"}
    return task(base=architecture, training=training, verdict={**rules, **verdict})


def manifest_of(spec: TaskSpec, *updates: tuple[UpdateId, OrganisationId]) -> Manifest:
    entries = tuple(
        Entry(1, organisation, update_id, ZERO_DIGEST, ZERO_DIGEST, ZERO_DIGEST, ONE // len(updates))
        for update_id, organisation in updates
    )
    return Manifest(spec.base.digest, word_of("settings"), "stack", entries)


class Objects:
    """Opens what it holds, and counts."""

    def __init__(self, **held: bytes) -> None:
        self.held = {UpdateId(name): data for name, data in held.items()}
        self.opened: list[UpdateId] = []

    def __call__(self, update_id: UpdateId) -> bytes:
        self.opened.append(update_id)
        if update_id not in self.held:
            raise ContentKeyDestroyed(f"the content key of {update_id} was destroyed")
        return self.held[update_id]
