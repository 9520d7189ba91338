"""What a result says about each method, in percent and points, by seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.harness import NOT_RUN, Outcome, Result
from benchmarks.relearning.sizes import ORDINARY, PRETRAINED, RETRAINED, WEIGHT_SPACE

SHARES = ("forget", "retain", "test")


def listed(result: Result) -> list[str]:
    """All models of a result: the references, the ordinary methods, those in weight space, and the others."""
    named = list(dict.fromkeys(cell.configuration["method"] for cell in models(result)))
    first = [name for name in (PRETRAINED, RETRAINED, *ORDINARY, *WEIGHT_SPACE) if name in named]
    return [*first, *(name for name in named if name not in first)]


def unlearned(result: Result) -> list[str]:
    """The methods that gave a model, references left out."""
    return [name for name in listed(result) if name not in (PRETRAINED, RETRAINED) and values(result, name, "forget")]


def models(result: Result) -> list[Outcome]:
    """Cells of models; the others are networks of the proxy."""
    return [cell for cell in result.cells if cell.configuration.get("part") == "model"]


def values(result: Result, method: str, figure: str) -> list[float]:
    """One figure of a method's finished cells, by seed; shares in percent."""
    factor = 100 if figure in SHARES else 1
    found = [cell.figures for cell in models(result) if cell.configuration["method"] == method and cell.figures]
    return [factor * item[figure] for item in found if figure in item]


def ended(result: Result, method: str, k: int) -> list[float]:
    """Percent right on held-out forgotten images at the end of an attack with k of the others, by seed."""
    return [100 * curve[-1] for curve in curves(result, method, k)[1]]


def curves(result: Result, method: str, k: int) -> tuple[list[int], list[list[float]]]:
    """Steps of the measurements, and of each seed the shares right."""
    cells = [cell for cell in models(result) if cell.configuration["method"] == method and cell.figures]
    found = [cell.figures["curves"][str(k)] for cell in cells if cell.figures and "curves" in cell.figures]
    return (found[0]["steps"], [item["values"] for item in found]) if found else ([], [])


def excess(result: Result, method: str, k: int) -> list[float]:
    """Points above the retrained model under the same attack, by seed."""
    pairs = zip(ended(result, method, k), ended(result, RETRAINED, k), strict=False)
    return [own - reference for own, reference in pairs]


def attackers(result: Result) -> list[int]:
    """The k of the attacks."""
    return list(models(result)[0].configuration["ks"]) if models(result) else []


def refusal(result: Result, method: str) -> str:
    """Why there are no figures of a method."""
    said = [str(cell.figures["refused"]) for cell in models(result)
            if cell.configuration["method"] == method and cell.figures and "refused" in cell.figures]  # fmt: skip
    return f"no model: {said[0]}" if said else NOT_RUN


def mean(numbers: Sequence[float]) -> float:
    """Of at least one number."""
    return math.fsum(numbers) / len(numbers)


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Rank correlation, ties in the middle of their ranks; None where one side does not vary."""
    one, other = _ranks(first), _ranks(second)
    middle = (len(one) + 1) / 2
    spreads = [math.fsum((rank - middle) ** 2 for rank in ranks) for ranks in (one, other)]
    if not all(spreads):
        return None
    shared = math.fsum((a - middle) * (b - middle) for a, b in zip(one, other, strict=True))
    return shared / math.sqrt(spreads[0] * spreads[1])


def _ranks(numbers: Sequence[float]) -> list[float]:
    ordered = sorted(numbers)
    return [ordered.index(number) + (ordered.count(number) + 1) / 2 for number in numbers]
