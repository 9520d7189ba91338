"""What a result says: usages of all cells, whether every entry point is there, and the limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.gas.meter import Usage
from benchmarks.harness import Result
from orchestrator.chain.abi import PRIVATE, PUBLIC, artifact

CONTRACTS = tuple(dict.fromkeys(PUBLIC + PRIVATE))
SPREAD = 100
"""How far anchoring may differ between 1 and 1,000 updates."""


@dataclass(frozen=True)
class Limit:
    """A bound on one figure; ``case`` is how its variant begins."""

    contract: str
    function: str
    case: str
    most: int


LIMITS = (
    Limit("CheckpointAnchor", "anchor", "3 signatures", 85_000),
    Limit("AwardDistributor", "claim", "holder, in a round claimed from", 65_000),
    Limit("AwardDistributor", "claim", "the first of a holder", 85_000),
    Limit("AwardDistributor", "claim", "the first of a round", 85_000),
    Limit("AwardDistributor", "claim", "the first ever", 120_000),
)


def usages(result: Result) -> list[Usage]:
    """Every measured transaction but those of whole rounds, each case once."""
    found: dict[tuple[str, ...], Usage] = {}
    for cell in result.cells:
        for row in (cell.figures or {}).get("usages", ()):
            usage = Usage(**row)
            found.setdefault((usage.contract, usage.function, usage.variant, usage.inside), usage)
    return list(found.values())


def logs(result: Result) -> dict[str, dict[str, Any]]:
    """One real log of each event, by ``Contract.Event``."""
    found: dict[str, dict[str, Any]] = {}
    for cell in result.cells:
        for name, log in (cell.figures or {}).get("logs", {}).items():
            found.setdefault(name, log)
    return found


def rounds(result: Result) -> dict[int, Mapping[str, Any]]:
    """Figures of whole rounds by the number of organisations."""
    cells = (cell for cell in result.cells if cell.configuration["part"] == "round" and cell.figures is not None)
    return {int(cell.configuration["organisations"]): cell.figures for cell in cells if cell.figures is not None}


def entry_points(contract: str) -> list[str]:
    """Every state-changing function of a contract, in the order of its ABI."""
    entries = artifact(contract).functions
    return [name for name, entry in entries.items() if entry["stateMutability"] not in ("view", "pure")]


def within(limit: Limit, found: list[Usage]) -> list[Usage]:
    """The figures that a limit is about."""
    named = (limit.contract, limit.function)
    return [one for one in found if (one.contract, one.function) == named and one.variant.startswith(limit.case)]


def by_updates(found: list[Usage]) -> list[int]:
    """Gas of anchoring by how many updates stand behind the checkpoint."""
    return [one.gas for one in found if one.function == "anchor" and "update" in one.variant]


def broken(result: Result) -> list[str]:
    """What must hold and does not, a sentence each."""
    return [*_missing(result), *_above(result), *_spread(result)]


def _missing(result: Result) -> Iterator[str]:
    measured = {(one.contract, one.function) for one in usages(result)}
    for contract in CONTRACTS:
        for function in entry_points(contract):
            if (contract, function) not in measured:
                yield f"{contract}.{function} has no figure"
    for cell in result.cells:
        if cell.figures is None:
            yield f"{dict(cell.configuration)}: {cell.status}"


def _above(result: Result) -> Iterator[str]:
    found = usages(result)
    for limit in LIMITS:
        about = within(limit, found)
        if not about:
            yield f"{limit.contract}.{limit.function}, {limit.case}: has a limit and no figure"
        for one in about:
            if one.gas > limit.most:
                yield f"{one.contract}.{one.function}, {one.variant}: {one.gas} gas, the limit is {limit.most}"


def _spread(result: Result) -> Iterator[str]:
    found = by_updates(usages(result))
    if found and max(found) - min(found) > SPREAD:
        yield f"anchoring costs {min(found)} to {max(found)} gas by number of updates: more than {SPREAD} apart"
