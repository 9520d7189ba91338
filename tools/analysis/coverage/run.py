"""Run the contract tests on a recorded chain and judge what they cover."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.abi import standard_input
from tools.analysis.coverage.measure import OUTPUTS, Branch, Sources, branches, read_sources, taken, without_code
from tools.analysis.coverage.page import compare, read_listed
from tools.analysis.coverage.recorder import Record, recording
from tools.analysis.outcome import AnalysisError, Outcome, table
from tools.brownie.__main__ import run_beside
from tools.brownie.arguments import read_call
from tools.brownie.networks import write_network_config
from tools.brownie.testchain import test_chain
from tools.setup.paths import ROOT, cache_dir
from tools.setup.solc import link_solc

LEAST = 95  # per cent of all branches
TESTS = ("tests/contracts",)


def compile_sources() -> Sources:
    """The contracts as they are deployed, with what tells which branch is where.

    Raises:
        AnalysisError: they do not compile.
    """
    asked = standard_input()
    asked["settings"]["outputSelection"] = OUTPUTS
    words: list[str | Path] = [link_solc(), "--standard-json", "--allow-paths", "node_modules"]
    done = subprocess.run(words, input=json.dumps(asked), capture_output=True, text=True, cwd=ROOT)
    answered = json.loads(done.stdout) if done.returncode == 0 else {"errors": []}
    if "contracts" not in answered:
        raise AnalysisError("the contracts do not compile; `python -m tools.abi` says why")
    return read_sources(asked, answered)


def run_tests(paths: Sequence[str]) -> tuple[int, Record]:
    """pytest's exit code, and what ran on the tests' chain."""
    link_solc()
    call = read_call(["test", *paths])
    cache_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="coverage-", dir=cache_dir()) as home, test_chain() as chain:
        with recording(chain) as (port, recorder):
            write_network_config(Path(home), test_port=port)
            code = run_beside(call, Path(home))
        return code, recorder.record


def by_contract(found: Mapping[Branch, bool]) -> str:
    """The table of one line a contract, and the total."""
    rows = []
    for name in sorted({branch.owner.split(".")[0] for branch in found}):
        rows.append(_row(name, [gone for branch, gone in found.items() if branch.owner.split(".")[0] == name]))
    return table(("contract", " branches", " taken", " per cent"), [*rows, _row("all", list(found.values()))])


def _row(name: str, gone: Sequence[bool]) -> tuple[str, str, str, str]:
    return name, str(len(gone)), str(sum(gone)), f"{100 * sum(gone) / len(gone):.1f}"


def check(paths: Sequence[str] = TESTS) -> Outcome:
    """Branch coverage by the contract tests: at least `LEAST` per cent, and each gap listed with its reason."""
    sources = compile_sources()
    code, record = run_tests(paths)
    found = branches(sources, taken(sources, record))
    problems = compare(found, read_listed())
    problems += [f"no code jumps at {site.owner}: {site.condition}" for site in without_code(sources)]
    percent = 100 * sum(found.values()) / len(found)
    if percent < LEAST:
        problems.insert(0, f"{percent:.1f} % of the branches, fewer than {LEAST} %")
    if code:
        problems.insert(0, f"the contract tests failed (exit code {code}): the figures are not those of a whole run")
    summary = f"{percent:.1f} % of {len(found)} branches, in {record.traces} transactions and calls"
    return Outcome("coverage", summary, tuple(problems), by_contract(found))
