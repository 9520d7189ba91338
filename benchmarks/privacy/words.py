"""An attack on texts: the case of `make bench-leakage-text` that an attacker is, on so many texts."""

from __future__ import annotations

from typing import Any

from benchmarks.harness import Configuration
from benchmarks.leakage_text.cases import Case, cell_of
from benchmarks.leakage_text.cell import work as attacked

KEPT = ("recall", "precision", "rouge 1", "seconds")


def work(cell: Configuration) -> dict[str, Any]:
    """Of each text: token recall and precision, ROUGE-1, seconds of the attack. No text is kept."""
    case = Case(**cell["case"])
    found = [attacked(cell_of(case, text)) for text in cell["texts"]]
    return {name: [item[name] for item in found] for name in KEPT}
