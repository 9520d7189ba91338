"""Shared by every suite, in both environments: keep it free of imports that one of them lacks."""

from __future__ import annotations

import importlib.util
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# models come from the cache or from tmp_path; a test that reaches for a model hub shall fail at once
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.pop("COLUMNS", None)  # of the terminal, or of what starts tests side by side: tables are of nobody's width

# how long an example takes says what else the machine does: several tests run side by side
settings.register_profile("side by side", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("side by side")

# a shell that runs the tests in its background has them ignore Ctrl-C, and their children too
signal.signal(signal.SIGINT, signal.default_int_handler)

# the contract tests need Brownie, which has an environment of its own (`brownie test`)
collect_ignore = [] if importlib.util.find_spec("brownie") else ["contracts"]

HERE = Path(__file__).parent
TOGETHER = ("e2e", "unit/audit", "unit/control")
"""Folders whose files share what takes long to make."""
BROWNIE = ("deploy", "brownie", "verification", "bench_gas", "branch_recorder", "tools_analysis")
"""Parts of names of files that run `brownie`, which must not run twice in one checkout at once."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Which tests stay in one process where several run them (``-n``): those of a file, at least.

    By names, as marks (``xdist_group``) do nothing from pytest 9.2 on: the node id that they are to change is fixed.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid.split("::")[0].removeprefix("tests/"))

    return Together(config, log)


def _group(path: str) -> str:
    if any(word in path for word in BROWNIE):
        return "brownie"
    return next((folder for folder in TOGETHER if path.startswith(f"{folder}/")), path)
