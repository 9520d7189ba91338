"""`python -m tools.reference` writes docs/contracts-reference.md; `--check` only compares.

Run it after a change of contracts, of their comments or of the sentences in this folder. A new event needs a real log
first: `make bench-gas`, then `python -m benchmarks.gas --docs`.
"""

from __future__ import annotations

import sys

from benchmarks.gas.figures import logs
from benchmarks.harness import read_result
from orchestrator.errors import LoranchorError
from tools.reference.page import page
from tools.reference.source import PageError, read_source
from tools.setup.paths import ROOT, write_atomic

PAGE = ROOT / "docs" / "contracts-reference.md"
DATA = ROOT / "docs" / "benchmarks" / "data" / "gas.json"


def build() -> str:
    """The page as the sources want it."""
    return page(read_source(), logs(read_result(DATA)))


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: python -m tools.reference [--check]", file=sys.stderr)
        return 2
    try:
        text = build()
    except (PageError, LoranchorError) as error:
        print(f"reference: {error}", file=sys.stderr)
        return 1
    stale = not PAGE.is_file() or PAGE.read_text("utf-8") != text
    if arguments and stale:
        print(f"reference: {PAGE.name} is not what the contracts say; run `python -m tools.reference`", file=sys.stderr)
        return 1
    if stale:
        write_atomic(PAGE, text)
    print(f"reference: {text.count(chr(10))} lines, {'written' if stale else 'unchanged'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
