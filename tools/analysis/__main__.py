"""`python -m tools.analysis [CHECK...]`, checks slither, halmos, coverage, stateful; the last line counts them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from orchestrator.errors import LoranchorError
from tools.abi import AbiError
from tools.analysis import halmos, slither
from tools.analysis.coverage import run as coverage
from tools.analysis.outcome import AnalysisError, Outcome, closing
from tools.setup.analysis import install_analysis
from tools.setup.paths import ROOT, VENV, SetupError

MACHINES = "tests/stateful"
TAIL = 15


def stateful() -> Outcome:
    """The state machines: the long runs, which are marked slow, the short ones, and the mutations they must catch."""
    words = [VENV / "bin" / "python", "-B", "-m", "pytest", "-p", "no:cacheprovider", MACHINES, "-q"]
    done = subprocess.run([str(word) for word in words], cwd=ROOT, capture_output=True, text=True)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    summary = lines[-1].strip("= ") if lines else "no output"
    problems = (f"pytest ended with exit code {done.returncode}", *lines[-TAIL:]) if done.returncode else ()
    return Outcome("stateful", summary, problems)


CHECKS: dict[str, Callable[[], Outcome]] = {
    "slither": slither.check,
    "halmos": halmos.check,
    "coverage": coverage.check,
    "stateful": stateful,
}


def run(name: str) -> Outcome:
    """One check, with its time. A tool that does not do its work fails it."""
    print(f"{name} …", flush=True)
    start = time.monotonic()
    try:
        outcome = CHECKS[name]()
    except (AnalysisError, AbiError, LoranchorError) as error:
        outcome = Outcome(name, "did not run", (str(error),))
    print(*filter(None, (outcome.report, *outcome.problems)), sep="\n", flush=True)
    return replace(outcome, seconds=time.monotonic() - start)


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"unknown check {', '.join(unknown)}: choose from {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    try:
        install_analysis()
    except SetupError as error:
        print(f"contracts-check: {error}", file=sys.stderr)
        return 3
    outcomes = [run(name) for name in names or CHECKS]
    print(f"\n{closing(outcomes)}")
    return 0 if all(one.holds for one in outcomes) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
