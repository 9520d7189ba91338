"""The built wheel in an empty environment, away from the checkout: the base install, without torch or Brownie."""

from __future__ import annotations

import gzip
import json
import re
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


def test_the_extra_for_audits_stays_under_100_mebibytes(environment: Path) -> None:
    """The extra adds no package to the base install, which is what an auditor has.

    Counted in MiB and without the byte code that Python makes of it, a third more.
    """
    asked = "import importlib.metadata as m; print(*(r for r in m.requires('loranchor') if 'extra' in r), sep='\\n')"
    done = subprocess.run([environment / "python", "-c", asked], capture_output=True, text=True, check=True)
    assert not [line for line in done.stdout.splitlines() if 'extra == "audit"' in line.replace("'", '"')]
    packages = next((environment.parent / "lib").glob("python3*/site-packages"))
    names = [path for path in packages.iterdir() if not path.name.startswith(("pip", "setuptools", "_distutils"))]
    files = [path for name in names for path in ([name] if name.is_file() else name.rglob("*")) if path.is_file()]
    size = sum(path.stat().st_size for path in files if path.suffix != ".pyc")
    assert 10 << 20 < size < 100 << 20, f"{size / 2**20:.0f} MiB"


def test_a_bundle_is_checked_there(environment: Path, tmp_path: Path) -> None:
    """With what comes along and nothing else: the anchor's code of the vector is not ours, and all the rest agrees."""
    lines = (ROOT / "docs" / "formats" / "vectors" / "bundle.jsonl").read_bytes()
    (tmp_path / "bundle").write_bytes(gzip.compress(lines, mtime=0))
    page = (ROOT / "docs" / "formats" / "bundle.md").read_text()
    block_hash = re.findall(r"block hash \| `(0x[0-9a-f]{64})`", page)[0]
    anchor = re.findall(r"anchor \| 31337, `(0x[0-9a-f]{40})`", page)[0]
    named = ["--block-hash", block_hash, "--anchor", anchor, "--chain-id", "31337", "--json"]
    done = call(environment, "audit", "verify", "--bundle", str(tmp_path / "bundle"), *named)
    assert done.returncode == 8, done.stderr
    found = [entry for check in json.loads(done.stdout)["checks"] for entry in check["findings"]]
    assert [entry["message"] for entry in found] == ["its code is not that of this release of LoRAnchor"]


def test_the_auditors_page_came_along(environment: Path) -> None:
    """Built, with its scripts and fonts: an auditor has no Node."""
    code = "from orchestrator.audit.site import page_folder; print(page_folder())"
    done = subprocess.run([environment / "python", "-c", code], capture_output=True, text=True, cwd=environment)
    assert done.returncode == 0, done.stderr
    page = Path(done.stdout.strip())
    assert page.is_relative_to(environment.parent)
    kinds = {path.suffix for path in page.rglob("*") if path.is_file()}
    assert {".html", ".js", ".css", ".woff2"} <= kinds


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
