"""`python -m tools.testing PART...` with the parts python, contracts and slow; the last line counts all of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.setup.paths import ROOT, VENV
from tools.testing.counts import Counts, read_counts

REPORTS = ROOT / "build" / "tests"
NO_TESTS = 5  # pytest's exit code when nothing was collected

PYTEST: list[str | Path] = [VENV / "bin" / "python", "-B", "-m", "pytest", "-p", "no:cacheprovider"]
PARTS: dict[str, list[str | Path]] = {
    "python": [*PYTEST, "-m", "not slow"],
    "slow": [*PYTEST, "-m", "slow"],
    # the brownie command gives them a chain of their own, in the other environment
    "contracts": [VENV / "bin" / "brownie", "test", "tests/contracts"],
}


def run_part(name: str) -> Counts:
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    code = subprocess.call([*PARTS[name], f"--junitxml={report}"], cwd=ROOT)
    if name == "slow" and code == NO_TESTS:
        return Counts()
    return read_counts(report, code)


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown or not names:
        print(f"unknown part {', '.join(unknown)}: choose from {', '.join(PARTS)}", file=sys.stderr)
        return 2
    counts = sum((run_part(name) for name in names), Counts())
    if counts.skipped:
        print(f"{counts.skipped} skipped: a skipped test proves nothing, see above for the reason")
    print(counts.line)
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
