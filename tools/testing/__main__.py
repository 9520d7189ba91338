"""`python -m tools.testing PART...`: lint, python, contracts, slow, audit, chaos, crashes; the last line counts all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.setup.paths import ROOT, VENV
from tools.testing.counts import Counts, read_counts

REPORTS = ROOT / "build" / "tests"
NO_TESTS = 5  # pytest's exit code when nothing was collected

PYTEST: list[str | Path] = [VENV / "bin" / "python", "-B", "-m", "pytest", "-p", "no:cacheprovider"]
SIDE_BY_SIDE: list[str | Path] = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadscope", "--no-loadscope-reorder"]
"""A process a core, up to four: most tests wait for chains. tests/conftest.py says which must stay together. In the
order of ``testpaths``: whole runs and lives on chains, which take longest, begin first."""
PARTS: dict[str, list[str | Path]] = {
    "python": [*PYTEST, "-m", "not slow", *SIDE_BY_SIDE],
    "slow": [*PYTEST, "-m", "slow"],
    "crashes": [*PYTEST, "-m", "slow", "tests/integration/daemon/test_daemon_every_crash.py"],
    "audit": [*PYTEST, "-s", "tests/unit/audit/test_bundle_tampering.py"],
    "chaos": [*PYTEST, "-s", "tests/integration/daemon/test_daemon_chaos.py"],
    "page": [*PYTEST, "-s", "tests/e2e/test_explorer_page.py"],
    # the brownie command gives them a chain of their own, in the other environment
    "contracts": [VENV / "bin" / "brownie", "test", "tests/contracts"],
}


CODE = ["orchestrator", "tools", "tests", "benchmarks"]
CHECKS: list[list[str | Path]] = [
    [VENV / "bin" / "ruff", "check", "--quiet", *CODE],
    [VENV / "bin" / "ruff", "format", "--quiet", "--check", *CODE],
    [VENV / "bin" / "mypy", "--no-error-summary"],
]


def lint() -> Counts:
    """A check that finds something counts as a failure, so that the last line tells of it; others count nothing."""
    failed = 0
    for check in CHECKS:
        if subprocess.call(check, cwd=ROOT):
            print(f"{Path(check[0]).name} {check[1]}: not clean", file=sys.stderr)
            failed += 1
    return Counts(failed=failed)


def run_part(name: str) -> Counts:
    if name == "lint":
        return lint()
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    code = subprocess.call([*PARTS[name], f"--junitxml={report}"], cwd=ROOT)
    if name == "slow" and code == NO_TESTS:
        return Counts()
    return read_counts(report, code)


def main(names: list[str]) -> int:
    parts = ("lint", *PARTS)
    unknown = [name for name in names if name not in parts]
    if unknown or not names:
        print(f"unknown part {', '.join(unknown)}: choose from {', '.join(parts)}", file=sys.stderr)
        return 2
    counts = sum((run_part(name) for name in names), Counts())
    if counts.skipped:
        print(f"{counts.skipped} skipped: a skipped test proves nothing, see above for the reason")
    print(counts.line)
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
