"""Shared by every suite, in both environments: keep it free of imports beyond the standard library and pytest."""

from __future__ import annotations

import importlib.util
import os
import signal

# models come from the cache or from tmp_path; a test that reaches for a model hub shall fail at once
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# a shell that runs the tests in its background has them ignore Ctrl-C, and their children too
signal.signal(signal.SIGINT, signal.default_int_handler)

# the contract tests need Brownie, which has an environment of its own (`brownie test`)
collect_ignore = [] if importlib.util.find_spec("brownie") else ["contracts"]
