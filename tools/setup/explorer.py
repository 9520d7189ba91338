"""The auditor's page, built by Vite from tools/explorer into the package, where the wheel takes it from."""

from __future__ import annotations

import shutil

from tools.setup.command import run_logged, step
from tools.setup.paths import ROOT, digest_of, is_current, write_stamp

SOURCES = ROOT / "tools" / "explorer"
PAGE = ROOT / "orchestrator" / "audit" / "site" / "page"
LIBRARY = ROOT / "build" / "explorer-library"
_KEPT = ("package.json", "package-lock.json", "index.html", "tsconfig.json", "vite.config.ts", "vite.library.ts")


def build_explorer() -> None:
    """Install what it is built with, and build the page and the library that tests run under Node.

    Raises:
        SetupError: npm or Vite failed; the log says why.
    """
    modules = digest_of(SOURCES / "package.json", SOURCES / "package-lock.json")
    stamp = SOURCES / "node_modules" / ".loranchor-lock"
    if not is_current(stamp, modules):
        with step("modules of the page", "explorer-npm"):
            run_logged("explorer-npm", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder=SOURCES)
        write_stamp(stamp, modules)
    digest, built = sources_digest(), ROOT / "build" / "explorer.stamp"
    if is_current(built, digest) and (PAGE / "index.html").is_file() and (LIBRARY / "verify.mjs").is_file():
        return
    shutil.rmtree(ROOT / "build" / "lib" / PAGE.relative_to(ROOT), ignore_errors=True)  # else wheels keep its old files
    with step("the auditor's page", "explorer"):
        for script in ("build", "library"):
            run_logged("explorer", ["npm", "run", "--silent", script], folder=SOURCES)
    write_stamp(built, digest)


def sources_digest() -> str:
    """Over every file that the page is built from, with its name."""
    files = [SOURCES / name for name in _KEPT]
    files += sorted(path for path in (SOURCES / "src").rglob("*") if path.is_file())
    return digest_of(*(part for path in files for part in (path.relative_to(SOURCES).as_posix(), path)))
