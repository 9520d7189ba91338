"""halmos over tests/symbolic: each check must be proven, within the bounds that the check names.

A warning fails it too: halmos warns where it left something out, such as loops beyond their bound.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.analysis.outcome import AnalysisError, Outcome
from tools.setup.analysis import bin_folders
from tools.setup.paths import ROOT
from tools.setup.solc import link_solc

CHECKS = Path("tests/symbolic")
BUILD = Path("build/forge/out")
# --loop: more rounds than any loop has within the bounds; a name has 32 characters. Branches are decided with patience:
# after halmos's millisecond they stay open on a busy machine, and leave thousands of hard questions for the end.
BOUNDS = ("--loop", "40", "--default-bytes-lengths", "65")
SOLVER = ("--solver", "yices", "--solver-timeout-branching", "2s", "--solver-timeout-assertion", "10m")
_CHECK = re.compile(r"^    function (check_\w+)\(", re.MULTILINE)
_CONTRACT = re.compile(r"^contract (\w+Check) ", re.MULTILINE)
MEANINGS = {1: "there is a counterexample", 2: "the solver ran out of time", 3: "it got stuck", 4: "all paths revert"}


def written(root: Path = ROOT) -> set[str]:
    """`Contract.check_…` of every check that is written down."""
    found = set()
    for path in sorted((root / CHECKS).glob("*Check.sol")):
        source = path.read_text()
        (contract,) = _CONTRACT.findall(source)
        found |= {f"{contract}.{name}" for name in _CHECK.findall(source)}
    return found


def prove(root: Path = ROOT, *, only: str = "") -> tuple[dict[str, int], list[str]]:
    """Run the checks of this folder: halmos's exit code by `Contract.check_…` (0: proven), and its warnings.

    Args:
        only: one `Contract.check_…`, up to its first counterexample; or one contract; or all checks.

    Raises:
        AnalysisError: the sources do not compile, or halmos stopped.
    """
    answer = root / "build" / "halmos.json"
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.unlink(missing_ok=True)
    path = os.pathsep.join([*map(str, bin_folders()), os.environ.get("PATH", os.defpath)])
    env = {**os.environ, "PATH": path, "FOUNDRY_SOLC": str(link_solc()), "COLUMNS": "500", "NO_COLOR": "1"}
    words = [bin_folders()[0] / "halmos", "--root", root, "--forge-build-out", BUILD, "--no-status", *BOUNDS]
    words += [*SOLVER, "--json-output", answer]
    contract, _, function = only.partition(".")
    words += ["--contract", contract] if contract else []
    words += ["--function", function, "--early-exit"] if function else []
    with tempfile.TemporaryDirectory(prefix="halmos-") as scratch:  # it leaves what its solvers were asked
        env["TMPDIR"] = scratch
        done = subprocess.run([str(word) for word in words], cwd=root, env=env, capture_output=True, text=True)
    if not answer.is_file():
        raise AnalysisError(f"halmos stopped: {last_line(done.stdout + done.stderr)}")
    return results(json.loads(answer.read_text())), warnings(done.stdout)


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def results(answer: Mapping[str, Any]) -> dict[str, int]:
    """Exit codes in halmos's `--json-output`."""
    return {
        f"{place.split(':')[1]}.{one['name'].split('(')[0]}": one["exitcode"]
        for place, tests in answer["test_results"].items()
        for one in tests
    }


def warnings(text: str) -> list[str]:
    """Lines in which halmos says that something was left out."""
    return [line.strip() for line in text.splitlines() if line.startswith("WARNING")]


def judge(expected: set[str], found: Mapping[str, int], warned: Sequence[str]) -> list[str]:
    """What fails the check."""
    missing = [f"did not run: {name}" for name in sorted(expected - set(found))]
    failed = [f"{name}: {MEANINGS.get(code, f'exit code {code}')}" for name, code in sorted(found.items()) if code]
    return [*missing, *failed, *warned]


def check() -> Outcome:
    expected = written()
    found, warned = prove()
    proven = sum(code == 0 for code in found.values())
    problems = judge(expected, found, warned)
    return Outcome("halmos", f"{proven} of {len(expected)} properties proven", tuple(problems))
