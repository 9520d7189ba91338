"""The built wheel in an empty environment, away from the checkout: the base install, without torch or Brownie."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from verb_tree import verbs

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that holds the wheel and what the wheel asks for, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "empty")], check=True)
    wheel = next(folder.glob("loranchor-*.whl"))
    # the lock keeps the versions that were tested; what the base install does not need stays out
    install = [folder / "empty" / "bin" / "python", "-m", "pip", "install", "-q", "-c"]
    subprocess.run([*install, ROOT / "requirements" / "loranchor.lock", wheel], check=True, cwd=folder)
    return folder / "empty" / "bin"


def call(environment: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [environment / "loranchor", *words], capture_output=True, text=True, cwd=environment, stdin=subprocess.DEVNULL
    )


def test_neither_torch_nor_brownie_came_along(environment: Path) -> None:
    listed = subprocess.run(
        [environment / "python", "-m", "pip", "list", "--format=json"], capture_output=True, text=True, check=True
    )
    names = {entry["name"].lower() for entry in json.loads(listed.stdout)}
    assert "loranchor" in names
    assert not names & {"torch", "transformers", "peft", "eth-brownie", "py-solc-x"}


def test_version(environment: Path) -> None:
    done = call(environment, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("loranchor ")


@pytest.mark.parametrize("verb", list(verbs()), ids=" ".join)
def test_help_of_every_verb(environment: Path, verb: tuple[str, ...]) -> None:
    """Those of the checkout: a module that the wheel lacks is a verb that it lacks."""
    done = call(environment, *verb, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_doctor_says_what_is_absent(environment: Path) -> None:
    done = call(environment, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code"), [(["demo"], 3), (["network", "up"], 3), (["round", "status", "--home", "x"], 2)]
)
def test_what_needs_more_says_so_in_one_line(environment: Path, words: list[str], code: int) -> None:
    done = call(environment, *words)
    assert done.returncode == code, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("error: ")
