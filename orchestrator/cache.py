"""Where fetched models, data sets and their digests are kept."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``LORANCHOR_CACHE`` where it is set; else ``.cache`` of the checkout, or of the user for an installed wheel."""
    chosen = os.environ.get("LORANCHOR_CACHE")
    if chosen:
        return Path(chosen)
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".cache"
    return Path.home() / ".cache" / "loranchor"
