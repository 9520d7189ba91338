"""``python -m orchestrator``: the same as ``loranchor``."""

from orchestrator.cli import main

main()
