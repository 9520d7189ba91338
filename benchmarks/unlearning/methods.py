"""Methods of `orchestrator/unlearning/methods`, on the ΔW of the fold that still has the contributor."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.unlearning import modes
from benchmarks.unlearning.case import Case
from benchmarks.unlearning.kept import digest_of, kept_json
from benchmarks.unlearning.modes import Cost
from benchmarks.unlearning.place import Place
from orchestrator.errors import DataError
from orchestrator.unlearning.methods import method_named, methods
from orchestrator.unlearning.methods.recipe import Recipe
from orchestrator.unlearning.subject import Budget, Data, Method
from orchestrator.unlearning.tuning import tune

MOST = 0.02
"""Share of right answers on retained training samples that a strength may cost, beside the fold after a drop."""
SHARED = tuple(f"orchestrator/unlearning/{name}.py" for name in ("methods/recipe", "subject", "tasks", "tuning"))


def source_of(name: str) -> str:
    """Digest of a method's own file and of what all methods share, for the keys of its cells."""
    recipe = method_named(name)
    assert isinstance(recipe, Recipe)
    module = inspect.getmodule(recipe.body)
    assert module is not None
    return digest_of((f"orchestrator/unlearning/methods/{module.__name__.rpartition('.')[2]}.py", *SHARED))


def apply(place: Place, name: str, tuning: Case) -> tuple[Cost, dict[str, float]]:
    """Run a method at its tuned strength.

    Returns:
        CPU seconds of the run alone, bytes of the ΔW that everybody needs then; and what is known of its strength.
    """
    method, about = tuned(name, tuning)
    modes.original(place)
    subject = place.subject()
    start = time.process_time()
    method.run(subject, data_of(place.case, method), budget_of(place.case), seed=place.case.seed)
    seconds = time.process_time() - start
    return Cost(seconds, sum(parameter.numel() * 4 for parameter in subject.parameters().values())), about


def tuned(name: str, case: Case) -> tuple[Method, dict[str, Any]]:
    """The strongest setting that retained data bear, found once for a world with the case of its first seed.

    Where even the weakest costs too much, it is the weakest, and ``kept`` is 0.
    """
    method = method_named(name)
    if method.strength is None:
        return method, {}
    about = {"world": case.world.sizes(), "seed": case.seed, "method": name, "code": source_of(name), "most": MOST}
    found = kept_json("strengths", about, lambda: _tune(method, case))
    return method.with_settings(**{method.strength: found["strength"]}), found


def _tune(method: Method, case: Case) -> Mapping[str, Any]:
    assert method.strength is not None
    place, start = Place(case), time.process_time()
    modes.drop(place)
    wanted = case.kept_right(place.model)
    modes.original(place)
    try:
        found = tune(
            method,
            place.subject(),
            data_of(case, method),
            budget_of(case),
            lambda: wanted - case.kept_right(place.model),
            most=MOST,
            seed=case.seed,
            halvings=case.world.halvings,
        )
        strength, kept = found.settings[method.strength], 1
    except DataError:  # of the weakest one, too
        strength, kept = method.ranges[method.strength].least, 0
    return {"strength": strength, "kept": kept, "seconds": time.process_time() - start}


def data_of(case: Case, method: Method) -> Data:
    """The others' samples, in one place; those to forget only for methods that cannot do without."""
    batch = case.world.method.batch
    forget = case.batches(case.parts.forget, batch) if method.needs_forget else None
    return Data(case.batches(case.retain.training, batch), forget)


def budget_of(case: Case) -> Budget:
    """Steps and rate of the world."""
    return Budget(case.world.method.steps, case.world.method.learning_rate)


def registered() -> tuple[str, ...]:
    """Names of all methods."""
    return tuple(methods())
