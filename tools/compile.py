"""Creation code and ABIs from the pinned compiler, kept under build/compiled by a digest of all that goes into it.

The sources may be edited on the way in: tests compile contracts with one rule taken out, to see that somebody notices.
"""

from __future__ import annotations

import json
import posixpath
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.abi import CONTRACTS, AbiError, standard_input
from tools.setup.paths import NODE_MODULES, ROOT, digest_of, write_atomic
from tools.setup.solc import COMMIT, VERSION, link_solc

FOLDER = ROOT / "build" / "compiled"
LIBRARY = NODE_MODULES / "@openzeppelin" / "contracts" / "package.json"
_IMPORT = re.compile(r'^import .*?"(\.[^"]+)";', re.MULTILINE)


@dataclass(frozen=True)
class Edit:
    """A change of one source: ``old``, which must be there exactly once, becomes ``new``."""

    path: str
    old: str
    new: str

    def apply(self, source: str) -> str:
        """Raises:
        AbiError: ``old`` is not there, or more than once: the edit would not do what its author meant.
        """
        found = source.count(self.old)
        if found != 1:
            raise AbiError(f"{self.path} holds {self.old!r} {found} times, expected once")
        return source.replace(self.old, self.new)


@dataclass(frozen=True)
class Compiled:
    """One contract: its ABI, and its creation code without constructor arguments."""

    name: str
    abi: Sequence[Mapping[str, Any]]
    code: bytes


def compile_contracts(names: Sequence[str], edits: Sequence[Edit] = ()) -> dict[str, Compiled]:
    """Compiles the contracts of these names (see ``tools.abi.CONTRACTS``), or reads what it made of the same before.

    Raises:
        AbiError: the sources do not compile, or an edit does not fit.
    """
    question = _question(sorted(names), edits)
    text = json.dumps(question, sort_keys=True)
    kept = FOLDER / f"{digest_of(VERSION + COMMIT, LIBRARY, text)}.json"
    if not kept.is_file():
        write_atomic(kept, json.dumps(_answer(text, names)))
    documents = json.loads(kept.read_text())
    return {name: Compiled(name, entry["abi"], bytes.fromhex(entry["code"])) for name, entry in documents.items()}


def _question(names: Sequence[str], edits: Sequence[Edit]) -> dict[str, Any]:
    question = standard_input()
    sources = question["sources"]
    for edit in edits:
        if edit.path not in sources:
            raise AbiError(f"there is no source {edit.path}")
        sources[edit.path] = {"content": edit.apply(sources[edit.path]["content"])}
    outputs = ["abi", "evm.bytecode.object"]
    question["sources"] = {path: sources[path] for path in _needed([CONTRACTS[name] for name in names], sources)}
    question["settings"]["outputSelection"] = {CONTRACTS[name]: {name: outputs} for name in names}
    return question


def _needed(paths: Sequence[str], sources: Mapping[str, Mapping[str, str]]) -> list[str]:
    """These sources and all that they import of ours: the compiler reads the library's by itself."""
    waiting, found = list(paths), set[str]()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            folder = posixpath.dirname(path)
            imports = _IMPORT.findall(sources[path]["content"])
            waiting += [posixpath.normpath(posixpath.join(folder, name)) for name in imports]
    return sorted(found)


def _answer(question: str, names: Sequence[str]) -> dict[str, Any]:
    command: list[str | Path] = [link_solc(), "--standard-json", "--allow-paths", "node_modules"]
    done = subprocess.run(command, input=question, capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        raise AbiError(f"the compiler stopped: {done.stderr.strip()[:300]}; run `make setup`")
    output = json.loads(done.stdout)
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise AbiError(f"the contracts do not compile: {errors[0].strip()}")
    compiled = {name: output["contracts"][CONTRACTS[name]][name] for name in names}
    return {name: {"abi": entry["abi"], "code": entry["evm"]["bytecode"]["object"]} for name, entry in compiled.items()}
