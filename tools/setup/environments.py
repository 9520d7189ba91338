"""The two Python environments: `.venv` for the package, `.venv-contracts` for Brownie and its exact pins."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from tools.setup.command import run_logged, say, step
from tools.setup.paths import ROOT, VENV, VENV_CONTRACTS, digest_of, is_current, link_atomic, write_stamp

LOCKS = ROOT / "requirements"
TORCH = "torch==2.13.0"
SHIM = ROOT / "tools" / "brownie" / "brownie"
TORCH_HINT = (
    "torch here comes with CUDA libraries of several GB; on a machine without a GPU stop now and run again with "
    "LORANCHOR_TORCH_INDEX=<the CPU package index that PyTorch's installation page names>"
)


def python_of(venv: Path) -> Path:
    return venv / "bin" / "python"


def create(venv: Path, name: str) -> None:
    """Make the environment unless it is there and its interpreter answers."""
    if not python_of(venv).exists():
        run_logged(name, [sys.executable, "-m", "venv", "--clear", venv])


def pip_install(name: str, venv: Path, *words: str | Path, env: dict[str, str] | None = None) -> None:
    run_logged(
        name, [python_of(venv), "-m", "pip", "--disable-pip-version-check", "install", "--no-input", *words], env=env
    )


def install_main() -> None:
    """torch first and alone: it decides whether a CPU or a CUDA build and its libraries come."""
    locks = (LOCKS / "build.lock", LOCKS / "loranchor.lock")
    digest = digest_of(*locks, str(sys.version_info[:2]))
    stamp = VENV / ".loranchor-lock"
    if not is_current(stamp, digest):
        with step("Python environment", "python"):
            create(VENV, "python")
            pip_install("python", VENV, "--no-deps", "-r", locks[0])
            install_torch(locks[1])
            pip_install("python", VENV, "--no-deps", "--no-build-isolation", "-r", locks[1])
        write_stamp(stamp, digest)
    _install_ourselves(VENV, "python")
    link_atomic(VENV / "bin" / "brownie", SHIM)


def install_contracts() -> None:
    locks = (LOCKS / "contracts-build.lock", LOCKS / "contracts.lock")
    digest = digest_of(*locks, str(sys.version_info[:2]))
    stamp = VENV_CONTRACTS / ".loranchor-lock"
    if not is_current(stamp, digest):
        with step("Brownie environment", "contracts"):
            create(VENV_CONTRACTS, "contracts")
            pip_install("contracts", VENV_CONTRACTS, "--no-deps", "-r", locks[0])
            # The published wheel is compiled with mypyc, which breaks `networks: default` and `state_machine`.
            words = ("--no-deps", "--no-build-isolation", "--no-binary", "eth-brownie", "-r", locks[1])
            pip_install("contracts", VENV_CONTRACTS, *words, env={"BROWNIE_NOCOMPILE": "1"})
        write_stamp(stamp, digest)
    _install_ourselves(VENV_CONTRACTS, "contracts")
    _replace_brownie()


def _replace_brownie() -> None:
    """Put the shim in the real command's place and keep that one beside it."""
    command, real = VENV_CONTRACTS / "bin" / "brownie", VENV_CONTRACTS / "bin" / "brownie-real"
    if command.exists() and not command.is_symlink():
        command.replace(real)
    link_atomic(command, SHIM)


def _install_ourselves(venv: Path, name: str) -> None:
    digest = digest_of(ROOT / "pyproject.toml", str(ROOT))
    stamp = venv / ".loranchor-self"
    if not is_current(stamp, digest):
        pip_install(name, venv, "--no-deps", "--no-build-isolation", "-e", ROOT)
        write_stamp(stamp, digest)


def install_torch(lock: Path, venv: Path = VENV, name: str = "python") -> None:
    """Install torch alone, on a CPU index where one is named."""
    index = os.environ.get("LORANCHOR_TORCH_INDEX")
    # With its dependencies, held to the lock: a CUDA build does not import without the libraries it names.
    words: list[str | Path] = [TORCH, "-c", lock]
    if index:
        words += ["--extra-index-url", index, "--no-deps"]
    elif _would_bring_cuda(venv, name) and not _has_gpu():
        say(TORCH_HINT)
    pip_install(name, venv, *words)


def _would_bring_cuda(venv: Path, name: str) -> bool:
    report = venv / "torch-report.json"
    words = ("--dry-run", "--quiet", "--no-deps", "--report", str(report), TORCH)
    pip_install(name, venv, *words)
    found = json.loads(report.read_text())["install"]
    report.unlink()
    return any("nvidia" in need for item in found for need in item["metadata"].get("requires_dist", []))


def _has_gpu() -> bool:
    return Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi") is not None
