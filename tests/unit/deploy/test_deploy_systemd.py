"""The systemd unit: it starts what there is, waits long enough, and leaves the daemon little to misuse."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from unit.deploy.words import check_words

from orchestrator.errors import (
    ChainError,
    ConfigurationError,
    DataError,
    DiskError,
    EnvironmentMissing,
    KeystoreError,
    ProtocolError,
)
from tools.setup.paths import ROOT

UNIT = ROOT / "deploy" / "systemd" / "loranchor@.service"
EXPOSURE = 20
"""Tenths of `systemd-analyze security`: what the unit may leave open at most; 20 is "OK"."""


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith(("#", "[")):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


def test_it_starts_a_verb_that_there_is() -> None:
    (command,) = settings()["ExecStart"]
    program, *words = command.replace("$LORANCHOR_OVERRIDES", "").replace("%i", "aurora").split()
    assert program == "/opt/loranchor/bin/loranchor"
    check_words(words)


def test_errors_that_do_not_mend_themselves_are_not_tried_again() -> None:
    kinds = (ConfigurationError, EnvironmentMissing, KeystoreError, ProtocolError, DataError)
    assert settings()["RestartPreventExitStatus"] == [" ".join(str(kind.exit_code) for kind in kinds)]
    assert settings()["Restart"] == ["on-failure"]
    assert not {DiskError.exit_code, ChainError.exit_code} & {kind.exit_code for kind in kinds}


def test_secrets_stay_out_of_dumps_swap_and_sight() -> None:
    found = settings()
    assert found["LimitCORE"] == ["0"] and found["MemorySwapMax"] == ["0"] and found["UMask"] == ["0077"]
    assert found["StateDirectoryMode"] == ["0700"] and found["ProtectProc"] == ["invisible"]
    assert not [line for line in found["Environment"] if re.search("PASSWORD|KEY|TOKEN", line)]


def test_it_may_open_sockets_and_write_its_home_and_nothing_else() -> None:
    found = settings()
    assert found["CapabilityBoundingSet"] == [""] and found["NoNewPrivileges"] == ["yes"]
    assert found["ProtectSystem"] == ["strict"] and "ReadWritePaths" not in found
    assert found["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    assert found["SystemCallFilter"] == ["@system-service", "~@privileged"]


def test_systemd_takes_it_where_there_is_one(tmp_path: Path) -> None:
    """With a program that exists in place of the installed one. Without systemd there is nothing to ask."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        assert UNIT.is_file()
        return
    copy = tmp_path / "loranchor@aurora.service"
    copy.write_text(UNIT.read_text("utf-8").replace("/opt/loranchor/bin/loranchor", str(shutil.which("true"))))
    done = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, check=False)
    told = [line for line in (done.stdout + done.stderr).splitlines() if copy.name in line]
    assert not told and done.returncode == 0, done.stderr
    options = ["security", "--offline=true", f"--threshold={EXPOSURE}", str(copy)]
    done = subprocess.run([analyze, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("path", ["/opt/loranchor", "/etc/loranchor/%i/password", "/var/lib/loranchor/%i"])
def test_the_page_tells_of_its_paths(path: str) -> None:
    page = (ROOT / "docs" / "running.md").read_text("utf-8")
    assert path in UNIT.read_text("utf-8") and path.replace("%i", "aurora") in page
