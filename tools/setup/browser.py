"""`python -m tools.setup.browser`: a Chromium for the tests of the auditor's page, by apt where the machine has none.

It is the one thing that a set-up installs into the machine itself, so it has a target of its own: a browser needs a
hundred libraries, which only the machine's package manager puts where they are found.
"""

from __future__ import annotations

import os
import shutil
import sys

from tools.fetch.debian import PATIENCE
from tools.setup.command import exit_code, run_logged, step
from tools.setup.paths import SetupError, cache_dir

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = "chromium"


def chromium() -> str | None:
    """The browser that tests use: what LORANCHOR_CHROMIUM names, else one on the path."""
    named = os.environ.get("LORANCHOR_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def bring_browser() -> None:
    """Install one, unless there is one.

    Raises:
        SetupError: there is none, and it cannot be installed: no apt, not root, or no mirror that has it.
    """
    if chromium() is not None:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise SetupError(
            "the page's tests need Chromium: install it (Debian: apt-get install chromium), or name one with "
            "LORANCHOR_CHROMIUM"
        )
    options = [word for setting in PATIENCE for word in ("-o", setting)]
    with step("Chromium", "browser"):
        run_logged("browser", ["apt-get", *options, "update"])
        install = ["apt-get", *options, "install", "--yes", "--no-install-recommends", PACKAGE]
        run_logged("browser", install, env={"DEBIAN_FRONTEND": "noninteractive"})


def main() -> int:
    cache_dir().mkdir(parents=True, exist_ok=True)
    return exit_code(bring_browser)


if __name__ == "__main__":
    sys.exit(main())
