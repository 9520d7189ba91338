"""What the gate must show on these models, and whether a result shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.harness import Result
from benchmarks.release.sizes import CANARIES, FASHION, LM, SENTIMENT

Cells = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
Claim = tuple[str, tuple[tuple[str, str], ...], Callable[..., bool]]


def cells_of(result: Result) -> Cells:
    """Figures of finished cells by world and model, a seed each."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for cell in result.cells:
        if cell.figures is not None:
            found.setdefault((cell.configuration["world"], cell.configuration["model"]), []).append(cell.figures)
    return found


def named(figures: Mapping[str, Any], check: str) -> list[str]:
    """What a finding names."""
    return list(figures["findings"].get(check, {}).get("named", ()))


def failed(figures: Mapping[str, Any], check: str) -> bool:
    """Whether a check, or a part of it, fails the model."""
    return any(name.partition(".")[0] == check for name in figures["failed"])


def auc(figures: Mapping[str, Any], attack: str = "membership.loss") -> float:
    """Of one attack."""
    return float(figures["findings"][attack]["figures"]["auc"])


def culprit_named(figures: Mapping[str, Any]) -> bool:
    """The one organisation that planted it, and no other."""
    return [name.partition(":")[0] for name in named(figures, "backdoors")] == ["cumulus"]


def pgd_is_stronger(figures: Mapping[str, Any]) -> bool:
    """At every budget."""
    one, many = (figures["findings"][f"evasion.{name}"]["figures"] for name in ("fgsm", "pgd"))
    return all(many[name] <= value for name, value in one.items() if name.startswith("accuracy"))


def rises(figures: Mapping[str, Any]) -> bool:
    """Exposure with the number of times that a canary was seen."""
    bits = figures["exposure"]
    return bool(bits["1"] < bits["10"] < bits["100"])


CLAIMS: Sequence[Claim] = (
    (
        "the model with canaries fails, and at least half of them are named",
        ((LM, "canaries"),),
        lambda found: failed(found, "canaries") and len(named(found, "canaries")) * 2 >= CANARIES,
    ),
    (
        "without the canaries' owner the model passes",
        ((LM, "owner revoked"),),
        lambda found: found["verdict"] != "fail",
    ),
    (
        "trained under DP with noise of twice the clip, with the canaries in the data, it passes",
        ((LM, "DP 2.0"),),
        lambda found: found["verdict"] != "fail",
    ),
    (
        "exposure rises from a canary seen once to one seen 10 and 100 times",
        ((LM, "repeated"),),
        rises,
    ),
    (
        "the loss attack's AUC is 0.5 ± 0.05 on the model that saw neither set",
        ((LM, "saw nothing"),),
        lambda found: abs(auc(found) - 0.5) <= 0.05,
    ),
    ("it is above 0.7 on the network trained to overfit", ((FASHION, "overfit"),), lambda found: auc(found) > 0.7),
    *(
        (f"{world}: the backdoored model fails, and its culprit alone is named", ((world, "backdoored"),), verdict)
        for world in (SENTIMENT, FASHION)
        for verdict in (lambda found: failed(found, "backdoors") and culprit_named(found),)
    ),
    *(
        (f"{world}: without the culprit's contribution it passes", ((world, "culprit revoked"),), verdict)
        for world in (SENTIMENT, FASHION)
        for verdict in (lambda found: found["verdict"] != "fail",)
    ),
    *(
        (f"{world}: nobody is named in the honest federation", ((world, "honest"),), verdict)
        for world in (SENTIMENT, FASHION)
        for verdict in (lambda found: not named(found, "backdoors"),)
    ),
    ("PGD leaves at most the accuracy that FGSM leaves, at every ε", ((FASHION, "honest"),), pgd_is_stronger),
)


def judged(result: Result) -> list[tuple[str, bool | None]]:
    """Each claim, and whether it holds for every seed; None where a cell is missing."""
    cells, found = cells_of(result), list[tuple[str, bool | None]]()
    for sentence, wanted, holds in CLAIMS:
        seeds = [figures for name in wanted for figures in cells.get(name, ())]
        found.append((sentence, all(map(holds, seeds)) if seeds else None))
    return found


def broken(result: Result) -> list[str]:
    """Claims that do not hold."""
    return [f"does not hold: {sentence}" for sentence, holds in judged(result) if holds is False]
