"""Creation code, runtime code and metadata of our contracts, from the pinned compiler itself.

Brownie's own artifacts serve `brownie test` and `brownie console`. A deployment does not take them: Brownie compiles a
file again only when that file or one that it inherits from has changed, so that after a change of another import its
code ends with the metadata hash of former sources.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from eth_utils.crypto import keccak

from orchestrator.chain.abi import artifact
from orchestrator.deployment.compiled import OUTPUT_SELECTION, Compiled, read_output
from orchestrator.errors import EnvironmentMissing
from tools.abi import CONTRACTS, standard_input
from tools.setup.paths import NODE_MODULES, ROOT, digest_of, write_atomic
from tools.setup.solc import COMMIT, VERSION, link_solc

CACHE = ROOT / "build" / "deploy"
LIBRARY = NODE_MODULES / "@openzeppelin" / "contracts" / "package.json"
COMPILER = f"v{VERSION}{COMMIT}"


def compiled_contracts(*, afresh: bool = False) -> dict[str, Compiled]:
    """All contracts; what was made of the same sources before is read, unless ``afresh``.

    Raises:
        EnvironmentMissing: the sources do not compile, or the committed ABIs and code hashes are not theirs.
    """
    question = standard_input()
    question["settings"]["outputSelection"] = OUTPUT_SELECTION
    path = CACHE / f"{digest_of(json.dumps(question, sort_keys=True), LIBRARY, COMPILER)[:32]}.json"
    if path.is_file() and not afresh:
        found = {name: _read(entry) for name, entry in json.loads(path.read_text()).items()}
    else:
        found = read_output(answer_of(question), CONTRACTS)
        write_atomic(path, json.dumps({name: asdict(entry) for name, entry in found.items()}))
    for name, entry in found.items():
        check_artifact(name, entry)
    return found


def answer_of(question: Mapping[str, Any]) -> dict[str, Any]:
    """The compiler's answer to a standard-JSON question.

    Raises:
        EnvironmentMissing: it did not run, or the sources do not compile.
    """
    words = [str(link_solc()), "--standard-json", "--allow-paths", "node_modules"]
    done = subprocess.run(words, input=json.dumps(question), capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        raise EnvironmentMissing(f"the compiler stopped: {done.stderr.strip()[:300]}", mend="run `make setup`")
    answer: dict[str, Any] = json.loads(done.stdout)
    if errors := [error for error in answer.get("errors", []) if error["severity"] == "error"]:
        raise EnvironmentMissing(f"the contracts do not compile: {errors[0]['message'].strip().splitlines()[0]}")
    return answer


def check_artifact(name: str, compiled: Compiled) -> None:
    """Raises:
    EnvironmentMissing: the committed ABI is of other sources, so daemons and auditors would not know this code.
    """
    if artifact(name).code_hash != "0x" + keccak(hexstr=compiled.runtime).hex():
        raise EnvironmentMissing(
            f"orchestrator/chain/abi/{name}.json is not what the sources compile to", mend="run `python -m tools.abi`"
        )


def _read(entry: Mapping[str, Any]) -> Compiled:
    places = {name: tuple((start, length) for start, length in found) for name, found in entry["immutables"].items()}
    return Compiled(**{**entry, "immutables": places})
