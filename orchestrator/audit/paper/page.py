"""A report as one HTML page without scripts and without a request to anybody."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from orchestrator.audit.paper.bars import THICK, laid_out
from orchestrator.audit.paper.blocks import Paper


def html_of(paper: Paper) -> str:
    """The page."""
    return _environment().get_template("paper.html.j2").render(paper=paper, laid_out=laid_out, thick=THICK)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("orchestrator.audit.paper"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
