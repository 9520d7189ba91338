"""Coordinated disclosure of a model's weaknesses: sealed reports, an embargo on the public chain, and its end.

A reporter needs the public chain, IPFS and a key file; maintainers a key that reports are sealed to. The
``DisclosureRegistry`` keeps the times, and nobody keeps a report from being shown after them. Formats:
docs/formats/disclosure.md; for people: docs/disclosure.md.
"""

from orchestrator.disclosure.cases import Case, Happening, read_cases
from orchestrator.disclosure.desk import Desk
from orchestrator.disclosure.opening import Opening
from orchestrator.disclosure.recipients import Contact, Recipient
from orchestrator.disclosure.report import Report

__all__ = ["Case", "Contact", "Desk", "Happening", "Opening", "Recipient", "Report", "read_cases"]
