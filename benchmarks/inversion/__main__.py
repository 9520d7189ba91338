"""`make bench-inversion`, or `python -m benchmarks.inversion [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from benchmarks.federation.processes import run
from benchmarks.harness import Benchmark, read_result
from benchmarks.harness.runner import PAGES
from benchmarks.inversion.cell import work
from benchmarks.inversion.expectations import broken
from benchmarks.inversion.report import report
from benchmarks.inversion.sheets import sheets
from benchmarks.inversion.sizes import plan
from orchestrator.files import write_atomic
from tools.setup.paths import ROOT

SHARED = ("cases", "generator", "guesses", "idlg", "matching", "metrics", "protocol", "trial", "victim")
"""What attacks have in common; each one's own file has a digest of its own in its cells."""
BENCHMARK = Benchmark(
    name="inversion",
    sources=[
        "benchmarks/inversion/cell.py",
        *(f"orchestrator/attacks/inversion/{name}.py" for name in SHARED),
        "orchestrator/data/images",
        *(f"orchestrator/models/{name}.py" for name in ("images", "lenet", "resnet", "resnet_cifar", "seeded")),
        "orchestrator/privacy/keylock/layer.py",
    ],
    packages=("torch", "cmaes", "pillow"),
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    frank=True,
)


def main(arguments: Sequence[str]) -> int:
    """As every benchmark, but with a process a core, and with sheets of reconstructions beside the page."""
    code = run(BENCHMARK, arguments, max(1, min(2, os.cpu_count() or 1)))
    return _draw() if code == 0 and "--docs" in arguments else code


def _draw() -> int:
    result = read_result(ROOT / PAGES / "data" / f"{BENCHMARK.name}.json")
    for name, picture in sheets(result).items():
        write_atomic(ROOT / PAGES / name, picture)
        print(f"{BENCHMARK.name}: wrote {PAGES / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
