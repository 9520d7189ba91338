"""The machine beside the figures: what it is, and nothing about whose it is."""

from __future__ import annotations

import getpass
import platform
import subprocess
from pathlib import Path

import pytest

from benchmarks.harness.machine import code_digest, commit, machine, machine_text, versions


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_gpu_is_named_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine()["gpu"] == "none" and machine_text(machine()).endswith("no GPU")
    program(tmp_path, "nvidia-smi", "echo 'NVIDIA H100, 81559 MiB'")
    assert machine()["gpu"] == "NVIDIA H100, 81559 MiB"
    assert machine_text(machine()).endswith("GPU NVIDIA H100, 81559 MiB")
    program(tmp_path, "nvidia-smi", "echo 'no driver'; exit 9")
    assert machine()["gpu"] == "none"


def test_the_machine_is_described_without_host_or_user() -> None:
    described = machine()
    assert described["cpu"] and described["cores"] >= 1 and described["memory_gib"] > 0.5 and described["os"]
    for private in (platform.node(), f"/{getpass.getuser()}"):
        assert private not in machine_text(described)


def test_versions_of_what_is_not_there(tmp_path: Path) -> None:
    found = versions(["rich", "no-such-package"])
    assert found["no-such-package"] == "absent" and found["rich"][0].isdigit() and found["python"].startswith("3.")
    assert commit(tmp_path) == "unknown"


def test_a_commit_says_whether_files_differ(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", tmp_path, *who, *words], check=True, capture_output=True)

    git("init")
    (tmp_path / "a.py").write_text("1\n")
    git("add", "a.py")
    git("commit", "-m", "x")
    clean = commit(tmp_path)
    assert len(clean) == 12 and not clean.endswith("+")
    (tmp_path / "a.py").write_text("2\n")
    assert commit(tmp_path) == f"{clean}+"


def test_a_digest_covers_names_and_bytes_of_sources(tmp_path: Path) -> None:
    for folder, name, text in (("one", "a.py", "x"), ("two", "b.py", "x"), ("three", "a.py", "y")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    assert len({code_digest(tmp_path, [folder]) for folder in ("one", "two", "three")}) == 3
    assert code_digest(tmp_path, ["one", "two"]) == code_digest(tmp_path, ["two/b.py", "one", "one/a.py"])
