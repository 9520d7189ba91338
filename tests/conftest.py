"""Shared by every suite, in both environments: keep it free of imports beyond the standard library and pytest."""

from __future__ import annotations

import importlib.util
import os

# models come from the cache or from tmp_path; a test that reaches for a model hub shall fail at once
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# the contract tests need Brownie, which has an environment of its own (`brownie test`)
collect_ignore = [] if importlib.util.find_spec("brownie") else ["contracts"]
