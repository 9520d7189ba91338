"""node_modules from package-lock.json, without running any package's install script."""

from __future__ import annotations

from tools.setup.command import run_logged, step
from tools.setup.paths import NODE_MODULES, ROOT, digest_of, is_current, write_stamp


def install_node_modules() -> None:
    digest = digest_of(ROOT / "package.json", ROOT / "package-lock.json")
    stamp = NODE_MODULES / ".loranchor-lock"
    if is_current(stamp, digest):
        return
    with step("node modules", "npm"):
        run_logged("npm", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    write_stamp(stamp, digest)
