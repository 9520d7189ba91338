"""Takes personal data out of texts before anything is trained on them. Imports no torch.

Method, figures and limits: docs/methods/anonymisation.md.
"""

from orchestrator.anonymise.anonymiser import Anonymiser, pseudonym
from orchestrator.anonymise.find import find
from orchestrator.anonymise.settings import KINDS, OPERATORS, REGIONS, Anonymisation, Operator
from orchestrator.anonymise.span import Span

__all__ = ["KINDS", "OPERATORS", "REGIONS", "Anonymisation", "Anonymiser", "Operator", "Span", "find", "pseudonym"]
