"""Shared by every suite, in both environments: keep it free of imports that one of them lacks."""

from __future__ import annotations

import importlib.util
import os
import signal
from pathlib import Path

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


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Which tests stay in one process where several run them (``-n``): those of a file, at least."""
    if config.getoption("loadgroup", False):
        for item in items:
            item.add_marker(pytest.mark.xdist_group(_group(item.path.relative_to(HERE).as_posix())))


def _group(path: str) -> str:
    if any(word in path for word in BROWNIE):
        return "brownie"
    return next((folder for folder in TOGETHER if path.startswith(f"{folder}/")), path)
