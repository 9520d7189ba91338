"""Settings counted in blocks that a contract keeps for ever: what they are in time, and that nobody has a development
network's values for them on a real chain without having asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import ConfigurationError

BLOCK_SECONDS = {"public": 12.0, "private": 2.0}
"""Of Ethereum and Sepolia, and of the Besu network in deploy/networks/besu."""
UNITS = ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"), (1.0, "second"))


@dataclass(frozen=True)
class Term:
    """One such setting.

    Attributes:
        section, name: in the consortium file; ``name`` is the description's attribute too.
        sensible: blocks that suit a chain that is not local.
        what: in words.
    """

    role: str
    section: str
    name: str
    sensible: int
    what: str

    @property
    def label(self) -> str:
        return f"{self.section}.{self.name}"


TERMS = (
    Term("public", "awards", "window_blocks", 7_200, "to object to awards"),
    Term("public", "awards", "vesting_blocks", 50_400, "from there until they can be claimed"),
    Term("private", "rounds", "max_phase_blocks", 302_400, "that a phase of a round may last"),
    Term("private", "revocations", "step_blocks", 43_200, "for each step of a revocation"),
)


def left_out(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Labels of the terms that a consortium file does not have."""
    return tuple(term.label for term in TERMS if term.name not in document.get(term.section, {}))


def check_terms(role: str, chain_id: int, missing: Iterable[str]) -> None:
    """Args:
        missing: labels of terms that were left out, of either side.

    Raises:
        ConfigurationError: some are of this side, whose chain is not a local one.
    """
    lacking = [term for term in TERMS if term.role == role and term.label in missing]
    if lacking:
        verb, object_ = ("are", "them") if len(lacking) > 1 else ("is", "it")
        raise ConfigurationError(
            f"{' and '.join(term.label for term in lacking)} {verb} not set, and on chain {chain_id}, which is not a "
            f"local one, a contract keeps {object_} for ever",
            mend=f"such as {', '.join(_example(term) for term in lacking)}",
        )


def duration(blocks: int, seconds: float) -> str:
    """About how long some blocks take, such as `36 seconds` or `1.5 days`."""
    total = blocks * seconds
    size, unit = next((item for item in UNITS if total >= item[0]), UNITS[-1])
    count = f"{total / size:.1f}".removesuffix(".0")
    return f"{count} {unit}{'' if count == '1' else 's'}"


def _example(term: Term) -> str:
    seconds = BLOCK_SECONDS[term.role]
    return f"{term.label} {term.sensible} ({duration(term.sensible, seconds)} at a block every {seconds:g} s)"
