"""What one update holds, how it is written, and what every member checks before it is accepted."""

from orchestrator.contribution.check import check
from orchestrator.contribution.codec import Limits, parse, serialise
from orchestrator.contribution.delta import AdapterDelta, LowRank
from orchestrator.contribution.gram import cosine, distance, find_copies, inner, norm
from orchestrator.contribution.refusal import ContributionRefused, Reason
from orchestrator.contribution.rules import DeltaRules

__all__ = [
    "AdapterDelta",
    "ContributionRefused",
    "DeltaRules",
    "Limits",
    "LowRank",
    "Reason",
    "check",
    "cosine",
    "distance",
    "find_copies",
    "inner",
    "norm",
    "parse",
    "serialise",
]
