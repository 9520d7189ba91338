"""What revocation modes make of a federation that had the contributor, and what that costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from benchmarks.unlearning.place import Place
from benchmarks.unlearning.trained import trained
from orchestrator.contribution import AdapterDelta, serialise
from orchestrator.contribution.rules import ends_with
from orchestrator.ledger.weights import ONE, shares
from orchestrator.training import AdapterSettings, TrainingSettings, train
from orchestrator.training.settings import derived_seed
from orchestrator.types import Digest
from orchestrator.unlearning.methods.weight_distortion import distort
from orchestrator.unlearning.subject import Subject

ORIGINAL, RETRAINED = "original", "retrained"
ISOLATED_ORIGINAL, ISOLATED_RETRAINED = "isolated: original", "isolated: retrained"
DROP, REPLAY, HEAL, ISOLATED_DROP = "drop", "replay", "heal", "isolated: drop"
REFERENCES = (ORIGINAL, RETRAINED, ISOLATED_ORIGINAL, ISOLATED_RETRAINED)
MODES = (DROP, REPLAY, HEAL, ISOLATED_DROP)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of work, one thing after another; bytes of updates that members must send."""

    seconds: float
    payload: int


def original(place: Place) -> Cost:
    """Nobody was forgotten."""
    return _whole(place, "chained", "original")


def retrained(place: Place) -> Cost:
    """The federation without the contributor, from the first round."""
    return _whole(place, "chained", "retrained")


def isolated_original(place: Place) -> Cost:
    """As :func:`original`, each member on its own."""
    return _whole(place, "isolated", "original")


def isolated_retrained(place: Place) -> Cost:
    """As :func:`retrained`, each member on its own."""
    return _whole(place, "isolated", "retrained")


def drop(place: Place) -> Cost:
    """Its contributions leave; what was trained on top of them stays."""
    return _dropped(place, "chained")


def isolated_drop(place: Place) -> Cost:
    """Its contribution leaves; nobody trained on top of it."""
    return _dropped(place, "isolated")


def replay(place: Place) -> Cost:
    """They and their descendants leave, and those rounds are trained again."""
    return _whole(place, "chained", "replayed")


def heal(place: Place) -> Cost:
    """They leave, the adapted weights get noise, and the others train one ordinary round on top of it.

    Training starts at the noisy fold, as it does where the noise is an entry of the manifest.
    """
    cost, case = drop(place), place.case
    start = time.process_time()
    task = case.shared.task(case.document("chained"))
    modules = task.adapter.modules
    subject = place.subject()
    noisy = [name for name in subject.names if any(ends_with(name.rpartition(".")[0], ending) for ending in modules)]
    distort(Subject(subject.model, case.task, tuple(noisy)), f"{case.name}/{case.seed}", case.world.sigma)
    updates = [_recovering(place, name) for name in case.world.retained]
    for weight, delta in zip(shares([1] * len(updates)), updates, strict=True):
        add(subject, delta, weight / ONE)
    payload = sum(len(serialise(delta)) for delta in updates)
    return Cost(cost.seconds + time.process_time() - start, cost.payload + payload)


def add(subject: Subject, delta: AdapterDelta, weight: float) -> None:
    """θ += weight · ΔW of one contribution, summed in float64."""
    parameters = dict(subject.model.named_parameters())
    change = {f"{name}.weight": low.scale * (low.b.double() @ low.a.double()) for name, low in delta.modules.items()}
    with torch.no_grad():
        for name, part in {**change, **delta.dense}.items():
            parameters[name].copy_(parameters[name].double() + weight * part.double())


def _recovering(place: Place, name: str) -> AdapterDelta:
    case = place.case
    document = case.document("chained")
    settings = TrainingSettings.from_task(document)
    seed = derived_seed(case.seed, name, case.world.rounds + 1)
    data = next(member.data for member in case.members if member.name == name)
    return train(
        place.model,
        data.batches(batch=settings.batch, steps=settings.steps, seed=seed),
        AdapterSettings.from_task(document),
        settings,
        base=case.shared.base.digest,
        parent_manifest=Digest("0x" + "00" * 32),
        seed=seed,
    ).delta


def _whole(place: Place, lineage: str, history: str) -> Cost:
    federation = trained(place.case, lineage, history)  # type: ignore[arg-type]
    place.begin(federation)
    return Cost(federation.seconds, federation.payload)


def _dropped(place: Place, lineage: str) -> Cost:
    federation = trained(place.case, lineage, "original")  # type: ignore[arg-type]
    place.begin(federation)
    return Cost(place.go_on(federation, federation.remaining), 0)


BUILDERS: Mapping[str, Callable[[Place], Cost]] = {
    ORIGINAL: original,
    RETRAINED: retrained,
    ISOLATED_ORIGINAL: isolated_original,
    ISOLATED_RETRAINED: isolated_retrained,
    DROP: drop,
    REPLAY: replay,
    HEAL: heal,
    ISOLATED_DROP: isolated_drop,
}
