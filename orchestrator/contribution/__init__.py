"""What one update holds, how it is written, and what every member checks before it is accepted."""

from orchestrator.contribution.agreed import agreed_a
from orchestrator.contribution.check import check
from orchestrator.contribution.codec import Limits, parse, serialise
from orchestrator.contribution.delta import AdapterDelta, LowRank
from orchestrator.contribution.gram import cosine, distance, find_copies, inner, norm
from orchestrator.contribution.grid import integers, to_grid
from orchestrator.contribution.refusal import ContributionRefused, Reason
from orchestrator.contribution.rules import DeltaRules
from orchestrator.contribution.start import Frozen, Start

__all__ = [
    "AdapterDelta",
    "ContributionRefused",
    "DeltaRules",
    "Frozen",
    "Limits",
    "LowRank",
    "Reason",
    "Start",
    "agreed_a",
    "check",
    "cosine",
    "distance",
    "find_copies",
    "inner",
    "integers",
    "norm",
    "parse",
    "serialise",
    "to_grid",
]
