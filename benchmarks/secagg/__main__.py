"""`python -m benchmarks.secagg [--members N] [--gone N] [--words N …]`: rounds in one process, as a Markdown table."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.secagg.rounds import HEADER, measured
from benchmarks.secagg.uniform import WORDS, deviations


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; every sum is compared with the plain one, and a difference ends the run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.secagg")
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--gone", type=int, default=2, help="how many drop out after masking")
    parser.add_argument("--words", type=int, nargs="+", default=[4_096, 184_320, 1_000_000])
    chosen = parser.parse_args(arguments)
    print("\n".join(HEADER))
    for words in chosen.words:
        for ring_bits in (32, 64):
            with tempfile.TemporaryDirectory() as folder:
                print(measured(Path(folder), chosen.members, chosen.gone, words, ring_bits).row)
    masked, bare = deviations(chosen.members, chosen.gone)
    far, near = max(map(abs, masked)), min(map(abs, bare))
    print(f"\nχ² of what is left of a masked update of {WORDS:,} words without all revealed masks: at most {far:.2f}")
    print(
        f"standard deviations from the mean of a uniform stream, over {len(masked)} statistics of bytes, pairs of them"
    )
    print(f"and neighbours; of the same update in the open at least {near:,.0f}.")


if __name__ == "__main__":
    main()
