"""What the adapter's lock costs in use: a federation on a pretrained model whose members have locks of their own.

Each round, every member trains on the fold of all former rounds behind its own lock; the fold takes every delta with
the same weight. Then each member measures the model on its own held-out samples: behind its lock, as somebody without a
key sees it (an export, a member that lost its key), and behind a stranger's lock.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

from benchmarks.federation.shards import limited
from benchmarks.federation.shared import Shared
from benchmarks.harness import Configuration
from benchmarks.keylock.federation import derived_key
from benchmarks.keylock.sizes import CLIENTS
from orchestrator.aggregation import FoldedModel, FoldEntry
from orchestrator.aggregation.start import adapted
from orchestrator.contribution import AdapterDelta
from orchestrator.data import Dataset, DataSettings
from orchestrator.lock_key import LockKey
from orchestrator.privacy.keylock.lora import AdapterLock
from orchestrator.settings import compose
from orchestrator.training import AdapterSettings, Discipline, TrainingSettings, evaluate, train
from orchestrator.training.settings import derived_seed
from orchestrator.types import ZERO_DIGEST, OrganisationId, UpdateId

STRANGER = OrganisationId("stranger")
ONE = 1 << 32


class Federation:
    """Members of one cell, on the one model that they share in turn."""

    def __init__(self, cell: Configuration) -> None:
        settings = compose([f"experiment={cell['experiment']}"])
        experiment, model = settings.group("experiment"), settings.group("model")
        self.cell, self.task = cell, experiment["task"]
        self.shared = _shared(str(model["name"]), str(model["kind"]), int(model["labels"]))
        base, length = self.shared.base, int(self.task["training"]["length"])
        chosen = list(experiment["organisations"])[:CLIENTS]
        self.data: dict[OrganisationId, Dataset] = {
            OrganisationId(item["name"]): limited(
                self.shared.dataset(DataSettings.from_experiment(settings.group("data"), _honest(item), 7), length),
                cell["held_out"],
            )
            for item in chosen
        }
        self.folded = FoldedModel(base.model, base.digest)
        self.locks = self._locks([*self.data, STRANGER])

    def _locks(self, names: list[OrganisationId]) -> dict[OrganisationId, AdapterLock]:
        strength, shift, seed = (self.cell[name] for name in ("strength", "shift", "seed"))
        modules = adapted(self.shared.shapes, self.task["adapter"]["modules"])
        weights = dict(self.shared.base.model.named_parameters())
        self.folded.remember(f"{module}.weight" for module in modules)
        return {
            name: AdapterLock.of(LockKey(1, derived_key(seed, place)), strength, modules, weights, shift=shift)
            for place, name in enumerate(names)
            if strength
        }

    def worn(self, name: OrganisationId) -> AbstractContextManager[None]:
        """The model behind that organisation's lock."""
        lock = self.locks.get(name)
        return nullcontext() if lock is None else lock.worn(self.folded.model, self.folded.pristine)

    def trained(self, name: OrganisationId, number: int) -> AdapterDelta:
        """One member's delta of a round."""
        cell, lock = self.cell, self.locks.get(name)
        settings = TrainingSettings(
            cell["steps"],
            cell["batch"],
            int(self.task["training"]["length"]),
            int(self.task["training"]["learning_rate_nano"]),
        )
        seed = derived_seed(cell["seed"], name, number)
        with self.worn(name):
            return train(
                self.folded.model,
                self.data[name].batches(batch=settings.batch, steps=settings.steps, seed=seed),
                AdapterSettings.from_task({"adapter": self.task["adapter"]}),
                settings,
                base=self.shared.base.digest,
                parent_manifest=ZERO_DIGEST,
                seed=seed,
                discipline=None if lock is None else Discipline(lambda made: lock.on_inputs(made.model)),
            ).delta

    def measured(self, wearing: OrganisationId | None = None) -> dict[str, float]:
        """Mean of the members' figures, each behind its own lock, or all behind the one of ``wearing``."""
        losses, shares = [], []
        for name, data in self.data.items():
            with self.worn(wearing or name):
                found = evaluate(self.folded.model, data.validation_batches())
            losses.append(found.loss)
            shares.append(found.accuracy or 0.0)
        return {"loss": sum(losses) / len(losses), "accuracy": sum(shares) / len(shares)}


def work(cell: Configuration) -> dict[str, Any]:
    """Figures of the base, and after the last round by who looks."""
    federation = Federation(cell)
    folded, entries, deltas = federation.folded, [], {}
    found: dict[str, Any] = {"base": federation.measured(STRANGER)}
    for number in range(1, cell["rounds"] + 1):
        for name in federation.data:
            update = UpdateId(f"{number}-{name}")
            deltas[update] = federation.trained(name, number)
            entries.append(FoldEntry(update, number, name, ONE // CLIENTS))
        folded.move(entries, deltas.__getitem__)
    found |= {"own": federation.measured(), "stranger": federation.measured(STRANGER)}
    federation.locks.clear()
    found["no key"] = federation.measured()
    folded.reset()
    return found


@lru_cache(maxsize=1)
def _shared(model: str, kind: str, labels: int) -> Shared:
    return Shared(model, kind=kind, labels=labels)


def _honest(item: Any) -> dict[str, Any]:
    return {**item, "adversary": "none"}
