"""The page that a run leaves behind: ``summary.json`` in, one self-contained ``report.html`` out.

The page holds no script and asks nobody for anything: style and plots are inline. Every word of the summary is
untrusted and escaped. See :mod:`orchestrator.report.summary` for the schema.
"""

from orchestrator.report.page import render, write

__all__ = ["render", "write"]
