"""The environment of the systems that `make bench-aggregation` compares with: made when that is run, never by set-up.

`python3 -m tools.setup.peers`; it does nothing when everything is there. Their pins contradict each other and one of
them what package indexes carry, so that the lock is installed without dependencies and holds what they were seen to
work with.
"""

from __future__ import annotations

import sys

from tools.setup.command import exit_code, step
from tools.setup.environments import LOCKS, create, install_torch, pip_install
from tools.setup.paths import ROOT, digest_of, is_current, write_stamp

VENV_PEERS = ROOT / ".venv-peers"
NAME = "peers"


def install_peers() -> None:
    """Raises SetupError: a package could not be installed; the message has the end of the log."""
    locks = (LOCKS / "build.lock", LOCKS / "peers.lock")
    digest = digest_of(*locks, str(sys.version_info[:2]))
    stamp = VENV_PEERS / ".loranchor-lock"
    if is_current(stamp, digest):
        return
    with step("environment of the peers", NAME):
        create(VENV_PEERS, NAME)
        pip_install(NAME, VENV_PEERS, "--no-deps", "-r", locks[0])
        install_torch(locks[1], VENV_PEERS, NAME)
        pip_install(NAME, VENV_PEERS, "--no-deps", "--no-build-isolation", "-r", locks[1])
    write_stamp(stamp, digest)


if __name__ == "__main__":
    sys.exit(exit_code(install_peers))
