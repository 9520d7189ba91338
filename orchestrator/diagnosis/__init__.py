"""What `loranchor doctor` checks. A check never raises: what is wrong becomes its finding."""

from orchestrator.diagnosis.checks import diagnose
from orchestrator.diagnosis.finding import Check

__all__ = ["Check", "diagnose"]
