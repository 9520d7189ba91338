"""An audit on paper: for who decides and for who examines, as a page or as a PDF."""

from orchestrator.audit.paper.content import Told, paper_of
from orchestrator.audit.paper.facts import Facts, facts_of
from orchestrator.audit.paper.page import html_of
from orchestrator.audit.paper.pdf import pdf_of
from orchestrator.audit.paper.stored import read_result
from orchestrator.audit.paper.words import LANGUAGES

__all__ = ["LANGUAGES", "Facts", "Told", "facts_of", "html_of", "paper_of", "pdf_of", "read_result"]
