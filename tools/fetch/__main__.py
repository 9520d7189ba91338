"""`python -m tools.fetch NAME …` asks once more for data that the set-up had to leave out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from tools.fetch.items import is_there
from tools.fetch.optional import fetch
from tools.fetch.sources import OPTIONAL, Source
from tools.setup.command import exit_code, say


def main(arguments: Sequence[str]) -> int:
    """Zero where all that was named is there afterwards."""
    known = {source.name: source for source in OPTIONAL}
    parser = argparse.ArgumentParser(prog="python -m tools.fetch", description=__doc__)
    parser.add_argument("names", nargs="+", choices=sorted(known), metavar="NAME", help=", ".join(sorted(known)))
    return exit_code(lambda: _bring(parser.parse_args(arguments).names, known))


def _bring(names: Sequence[str], known: Mapping[str, Source]) -> None:
    for name in names:
        if is_there(known[name]):
            say(f"{name} is there")
        else:
            fetch(known[name])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
