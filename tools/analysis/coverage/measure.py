"""From what ran to which branches were taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.analysis.coverage.jumps import Code, Range, code_of
from tools.analysis.coverage.recorder import Record
from tools.analysis.coverage.sites import Site, sites_of
from tools.analysis.outcome import AnalysisError

OURS = "contracts/"
BYTECODE = "evm.{}.object", "evm.{}.sourceMap"
OUTPUTS = {
    "*": {
        "*": [part.format(kind) for kind in ("bytecode", "deployedBytecode") for part in BYTECODE],
        "": ["ast"],
    }
}


@dataclass(frozen=True, order=True)
class Branch:
    """One way at one site, by names that stay when code moves.

    Attributes:
        path: source file. owner: `Contract.function`. condition: its text. way: `true`, `false` and the like.
    """

    path: str
    owner: str
    condition: str
    way: str

    def __str__(self) -> str:
        return f"{self.owner} ({self.path}): {self.condition}: {self.way}"


@dataclass(frozen=True)
class Sources:
    """The compiled sources: what branches there are, and the code that has them."""

    sites: Sequence[Site]
    creation: Sequence[Code]
    runtime: Sequence[Code]


def read_sources(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Sources:
    """From the compiler's standard input and its answer to it."""
    paths = {item["id"]: path for path, item in answered["sources"].items()}
    sites: list[Site] = []
    for path in sorted(asked["sources"]):
        sites += sites_of(path, asked["sources"][path]["content"], answered["sources"][path]["ast"])
    ours = [
        (name, contract["evm"])
        for path, contracts in sorted(answered["contracts"].items())
        if path.startswith(OURS)
        for name, contract in sorted(contracts.items())
        if contract["evm"]["bytecode"]["object"]
    ]
    return Sources(
        sites,
        [code_of(name, evm["bytecode"], paths) for name, evm in ours],
        [code_of(name, evm["deployedBytecode"], paths) for name, evm in ours],
    )


def taken(sources: Sources, record: Record) -> dict[Range, set[int]]:
    """Ways that were gone, by source range.

    Raises:
        AnalysisError: none of the code that ran is of these sources.
    """
    found: dict[Range, set[int]] = {}
    for (code, position), ways in record.created.items():
        made = _created(sources.creation, code)
        if made:
            found.setdefault(made.jumps.get(position, _NOWHERE), set()).update(ways)
    running = {code.metadata: code for code in sources.runtime}
    for (end, position), ways in record.ran.items():
        if end in running:
            found.setdefault(running[end].jumps.get(position, _NOWHERE), set()).update(ways)
    if not found:
        raise AnalysisError("nothing that ran is compiled from these sources: was the chain another one?")
    return found


_NOWHERE = Range("", 0, 0)


def _created(known: Iterable[Code], code: bytes) -> Code | None:
    return next((one for one in known if code.startswith(one.object)), None)


def branches(sources: Sources, ways: Mapping[Range, set[int]]) -> dict[Branch, bool]:
    """Every branch of the sources, and whether it was taken. What stands twice in a function counts once each."""
    found: dict[Branch, bool] = {}
    for site in sources.sites:
        gone = ways.get(Range(site.path, site.start, site.length), set())
        for way, name in enumerate(site.ways):
            branch, number = Branch(site.path, site.owner, site.condition, name), 1
            while branch in found:
                number += 1
                branch = Branch(site.path, site.owner, f"{site.condition} (place {number})", name)
            found[branch] = way in gone
    return found


def without_code(sources: Sources) -> list[Site]:
    """Sites that no compiled code jumps at: nothing deployed reaches them, and they count as not covered."""
    placed = {found for code in [*sources.creation, *sources.runtime] for found in code.jumps.values()}
    return [site for site in sources.sites if Range(site.path, site.start, site.length) not in placed]
