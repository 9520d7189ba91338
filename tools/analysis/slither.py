"""slither over all contracts, compiled as they are deployed: no finding without a reason."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.abi import standard_input
from tools.analysis.findings import Finding, compare, read_accepted, read_findings
from tools.analysis.outcome import AnalysisError, Outcome
from tools.setup.analysis import bin_folders
from tools.setup.paths import ROOT, write_atomic
from tools.setup.solc import link_solc

FOLDER = Path("build", "analysis")
# what slither reads of the compiler's answer
OUTPUTS = {"*": ["abi", "devdoc", "userdoc", "evm.bytecode", "evm.deployedBytecode"], "": ["ast"]}


def question() -> dict[str, Any]:
    """The sources and settings that are deployed, as a compiler's standard input."""
    asked = standard_input()
    asked["settings"]["outputSelection"] = {"*": OUTPUTS}
    return asked


def find(asked: Mapping[str, Any], root: Path = ROOT) -> list[Finding]:
    """What slither finds in these sources, which lie below `root` too: it reads them there again.

    Raises:
        AnalysisError: slither stopped; the message has the end of what it said.
    """
    source, answer = root / FOLDER / "input.json", root / FOLDER / "findings.json"
    write_atomic(source, json.dumps(asked))
    answer.unlink(missing_ok=True)  # slither does not write over a file
    path = os.pathsep.join([*map(str, bin_folders()), os.environ.get("PATH", os.defpath)])
    env = {**os.environ, "PATH": path, "PYTHONHASHSEED": "0"}  # so that it lists things in one order
    words: list[str | Path] = [bin_folders()[0] / "slither", source, "--solc", link_solc(), "--json", answer]
    done = subprocess.run(words, cwd=root, env=env, capture_output=True, text=True)
    if not answer.is_file():  # its exit code only says whether it found something
        raise AnalysisError(f"slither stopped: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    results = json.loads(answer.read_text())
    if not results["success"]:
        raise AnalysisError(f"slither stopped: {results['error']}")
    return read_findings(results)


def check() -> Outcome:
    found = find(question())
    problems = compare(found, read_accepted())
    return Outcome("slither", f"{len(found)} findings, {len(problems)} of them a problem", tuple(problems))
