"""The relearning attack on whatever model there is; models of equal bits are attacked once."""

from __future__ import annotations

from typing import Any

from benchmarks.unlearning.kept import digest_of, kept_json
from benchmarks.unlearning.place import Place
from orchestrator.attacks.relearning import RelearningSettings, draw, relearn

SOURCES = (
    *(f"benchmarks/unlearning/{name}.py" for name in ("attack", "case", "flipped", "secrets")),
    "orchestrator/attacks",
    *(f"orchestrator/unlearning/{name}.py" for name in ("subject", "tasks")),
    *(f"orchestrator/data/{name}.py" for name in ("canaries", "prepare")),
)


def attacked(place: Place, k: int) -> dict[str, Any]:
    """What comes back of the forgotten, by step, with retained data and k examples.

    The model is what it was afterwards. The seed is the case's, so that all models of a case are attacked alike.

    Returns:
        ``steps`` and ``values``: the forget figure after so many steps, the first without any.
    """
    case = place.case
    about = {
        "world": case.world.sizes(),
        "seed": case.seed,
        "k": k,
        "model": place.digest(),
        "code": digest_of(SOURCES),
    }
    return kept_json("attacks", about, lambda: _attack(place, k))


def _attack(place: Place, k: int) -> dict[str, Any]:
    case, effort = place.case, place.case.world.attack
    rows = draw(case.parts.seen, k, case.seed)
    settings = RelearningSettings(
        effort.steps, effort.learning_rate, effort.every, effort.batch, forget_share=effort.forget_share
    )
    curve = relearn(
        place.subject(),
        case.batches(case.retain.training, effort.batch),
        [case.parts.forget.batch(rows)] if rows else [],
        settings,
        lambda: case.parts.score(place.model),
        seed=case.seed,
    )
    return {"steps": list(curve.steps), "values": list(curve.values)}
