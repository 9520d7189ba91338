"""`make clean`: stop every local network below `runs/` before its files go."""

from __future__ import annotations

import sys

from orchestrator.errors import LoranchorError
from orchestrator.localnet import down
from tools.setup.paths import ROOT

if __name__ == "__main__":
    for state in list(ROOT.glob("runs/**/state.json")):  # a purge takes away what the search would go into
        try:
            down(state.parent, purge=True)
        except LoranchorError as error:  # another program's state.json
            print(f"clean: {state.parent}: {error}", file=sys.stderr)
