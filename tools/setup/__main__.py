"""Run the set-up: what is current is left alone, the rest is made side by side.

`python3 -m tools.setup`; its output is one line a step, details are in `.cache/logs/`.
"""

from __future__ import annotations

import fcntl
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tools.fetch.items import bring, is_there
from tools.fetch.optional import bring_where_possible
from tools.fetch.sources import CHITCHAT, MINILM, OPTIONAL, SMOLLM2, SOTU, VADER, Source
from tools.setup.checks import check_machine
from tools.setup.command import exit_code, say, step
from tools.setup.environments import create, install_contracts, install_main
from tools.setup.explorer import build_explorer
from tools.setup.node import install_node_modules
from tools.setup.paths import VENV, VENV_CONTRACTS, cache_dir
from tools.setup.solc import link_solc

TITLES = {
    SMOLLM2: "model SmolLM2-135M",
    MINILM: "model MiniLM-L6",
    VADER: "VADER sentences",
    SOTU: "speeches",
    CHITCHAT: "conversations",
}


def bring_if_absent(*sources: Source) -> None:
    for source in sources:
        if not is_there(source):
            with step(TITLES[source], f"fetch-{source.name}"):
                bring(source)


def after(needed: list[Future[Any]], work: Any, *arguments: Any) -> None:
    for future in needed:
        future.result()
    work(*arguments)


def set_up() -> None:
    """Installing waits for the network and for the disk by turns, so the parts run side by side.

    Raises:
        SetupError: the first part that failed; the others are waited for, what they made stays.
    """
    check_machine()
    with ThreadPoolExecutor(max_workers=6) as pool:
        made = pool.submit(create, VENV, "python")
        made_contracts = pool.submit(create, VENV_CONTRACTS, "contracts")
        main = pool.submit(after, [made], install_main)
        npm = pool.submit(install_node_modules)
        contracts = pool.submit(after, [made_contracts, npm], install_contracts)
        # a source distribution needs the build tools that the environments' set-up installs
        parts = [
            main,
            npm,
            contracts,
            pool.submit(after, [made], bring_if_absent, MINILM, CHITCHAT),
            pool.submit(after, [npm], bring_if_absent, SOTU),
            pool.submit(after, [main], bring_if_absent, VADER, SMOLLM2),
            pool.submit(bring_where_possible, *OPTIONAL),
            pool.submit(build_explorer),
        ]
    for part in parts:
        part.result()
    link_solc()


def main() -> int:
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of this checkout is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        return exit_code(set_up)


if __name__ == "__main__":
    sys.exit(main())
