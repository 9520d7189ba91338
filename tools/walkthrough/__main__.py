"""`python -m tools.walkthrough` writes docs/block-explorers.md; `--record URL DEPLOYMENTS` records a round first.

The round is that of any public chain on which a claim was made, such as a demo run's while its network is up.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from orchestrator.chain.connection import Connection
from orchestrator.chain.deployment import load_deployment
from orchestrator.errors import LoranchorError
from tools.setup.paths import ROOT, write_atomic
from tools.walkthrough.page import DATA, build
from tools.walkthrough.record import record

PAGE = ROOT / "docs" / "block-explorers.md"
PUBLIC_CHAIN = 31337


def main(arguments: list[str]) -> int:
    """The exit code."""
    try:
        if arguments[:1] == ["--record"] and len(arguments) == 3:
            chain = Connection(arguments[1], PUBLIC_CHAIN)
            write_round(record(chain, load_deployment(Path(arguments[2]), PUBLIC_CHAIN, "public")))
        elif arguments:
            print("usage: python -m tools.walkthrough [--record URL DEPLOYMENTS]", file=sys.stderr)
            return 2
        write_atomic(PAGE, build())
    except (OSError, LoranchorError) as error:
        print(f"walkthrough: {error}", file=sys.stderr)
        return 1
    return 0


def write_round(found: dict[str, object]) -> None:
    """Keep what was recorded."""
    write_atomic(DATA, json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
