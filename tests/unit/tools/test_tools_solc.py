"""The launcher stands in for a native compiler: same version text, same output, files only where allowed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.setup import solc
from tools.setup.paths import ROOT

SOURCE = 'pragma solidity 0.8.30; import "lib/Base.sol"; contract Box is Base { uint256 public value; }'


def run(*words: str, stdin: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([solc.LAUNCHER, *words], input=stdin, capture_output=True, text=True, cwd=cwd)


def standard_json(source: str) -> str:
    outputs = {"*": {"*": ["evm.bytecode.object"]}}
    return json.dumps(
        {"language": "Solidity", "sources": {"Box.sol": {"content": source}}, "settings": {"outputSelection": outputs}}
    )


def compiled(folder: Path, *words: str) -> dict[str, Any]:
    done = run("--standard-json", *words, stdin=standard_json(SOURCE), cwd=folder)
    assert done.returncode == 0, done.stderr
    output: dict[str, Any] = json.loads(done.stdout)
    return output


def test_the_version_is_that_of_the_compiler_behind_it() -> None:
    found = subprocess.run(
        ["node", "-p", "require('solc').version()"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.strip()
    assert run("--version").stdout.splitlines()[-1] == f"Version: {found}"
    assert found.startswith(solc.VERSION + solc.COMMIT)


def test_imports_are_read_below_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "Base.sol").write_text("pragma solidity 0.8.30; contract Base {}")
    output = compiled(tmp_path)
    assert output["contracts"]["Box.sol"]["Box"]["evm"]["bytecode"]["object"]


def test_imports_elsewhere_need_an_allowed_path(tmp_path: Path) -> None:
    elsewhere, work = tmp_path / "elsewhere", tmp_path / "work"
    elsewhere.mkdir()
    work.mkdir()
    (elsewhere / "Base.sol").write_text("pragma solidity 0.8.30; contract Base {}")
    (work / "lib").symlink_to(elsewhere)
    refused = compiled(work)
    assert "outside the allowed paths" in json.dumps(refused["errors"])
    assert "contracts" in compiled(work, "--allow-paths", str(elsewhere))


@pytest.mark.parametrize("words", [[], ["--combined-json", "abi"]])
def test_what_the_launcher_cannot_do_it_says(words: list[str]) -> None:
    done = run(*words)
    assert done.returncode == 1
    assert done.stderr.startswith("solc: ")


def test_a_native_compiler_of_the_pinned_version_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native = tmp_path / "installed" / f"solc-v{solc.VERSION}"
    native.parent.mkdir()
    native.write_text(f"#!/bin/sh\necho 'Version: {solc.VERSION}{solc.COMMIT}.Linux.g++'\n")
    native.chmod(0o755)
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(native.parent))
    monkeypatch.setenv("LORANCHOR_CACHE", str(tmp_path / "cache"))
    assert solc.link_solc() == native


def test_another_version_and_the_launcher_itself_are_not_native(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / f"solc-v{solc.VERSION}"
    other.write_text("#!/bin/sh\necho 'Version: 0.8.29+commit.ab55807c.Linux.g++'\n")
    other.chmod(0o755)
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("LORANCHOR_CACHE", str(tmp_path / "cache"))
    assert not solc.is_native(other)
    assert not solc.is_native(solc.LAUNCHER)
    assert solc.link_solc() == solc.LAUNCHER
