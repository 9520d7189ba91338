"""``python -m orchestrator.report SUMMARY PAGE [--evaluation FILE]``: make the page of a run again."""

from __future__ import annotations

import argparse
import sys

from orchestrator.errors import LoranchorError
from orchestrator.report.page import write


def main(arguments: list[str] | None = None) -> int:
    """The exit code; an error is one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m orchestrator.report", description="Make the page of a run.")
    parser.add_argument("summary", metavar="SUMMARY", help="The summary.json of a run.")
    parser.add_argument("page", metavar="PAGE", help="The report.html to write.")
    told = "An evaluation.json of `loranchor evaluate unlearning`, to show its relearning curves."
    parser.add_argument("--evaluation", metavar="FILE", help=told)
    given = parser.parse_args(arguments)
    try:
        write(given.summary, given.page, given.evaluation)
    except LoranchorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
