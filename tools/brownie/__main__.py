"""Enter the Brownie environment with everything set that a user would otherwise export by hand.

- HOME is a folder of the cache, so the user's own ~/.brownie is neither read nor changed.
- SOLCX_BINARY_PATH and PATH lead to the pinned compiler and the node tools.
- The networks `public` and `private` lead to the ports that the local network runs on, `test` to a chain of its own.
- The local network is started for a command that needs it; `brownie test` gets a chain of its own that mines by hand.
- Encrypted accounts lie in `~/.loranchor/accounts`.
- What a user can have wrong is told in one line (preflight.py), and Brownie takes this process's place: whoever kills
  this command kills Brownie.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

sys.path[0] = str(Path(__file__).resolve().parents[2])

from orchestrator.errors import LoranchorError  # noqa: E402
from tools.brownie.accounts import accounts_folder, forget_dead_link, link_accounts  # noqa: E402
from tools.brownie.arguments import TEST, Call, read_call  # noqa: E402
from tools.brownie.networks import local_endpoints, local_rpc_urls, write_network_config  # noqa: E402
from tools.brownie.preflight import check_endpoint, check_network, check_place, check_script  # noqa: E402
from tools.brownie.testchain import test_chain  # noqa: E402
from tools.setup.paths import ROOT, VENV_CONTRACTS, cache_dir  # noqa: E402
from tools.setup.solc import link_solc, solcx_folder  # noqa: E402

REAL = [str(VENV_CONTRACTS / "bin" / "python"), "-B", str(Path(__file__).with_name("inside.py"))]
KEYS = ("accounts", "console")
PARENT = "LORANCHOR_BROWNIE_PARENT"  # as in inside.py
LOCAL_CHAIN_IDS = ("31337", "1337")
PYTEST_SETTINGS = Path(__file__).with_name("pytest.ini")


def environment(call: Call, home: Path) -> dict[str, str]:
    """What Brownie's process sees. VIRTUAL_ENV goes: the one it would name is not Brownie's."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONHOME")}
    path = os.pathsep.join(
        [str(ROOT / "node_modules" / ".bin"), str(VENV_CONTRACTS / "bin"), os.environ.get("PATH", os.defpath)]
    )
    settings = f"-c {PYTEST_SETTINGS} --rootdir {ROOT} {os.environ.get('PYTEST_ADDOPTS', '')}".strip()
    return {
        **inherited,
        "HOME": str(home),
        "PATH": path,
        "SOLCX_BINARY_PATH": str(solcx_folder()),
        "PYTEST_ADDOPTS": settings,
        "PYTHONDONTWRITEBYTECODE": "1",
        "LORANCHOR_ACCOUNTS": str(accounts_folder()),
        **call.settings,
    }


def become_brownie(call: Call, home: Path) -> NoReturn:
    sys.stdout.flush()
    os.execve(REAL[0], [*REAL, *call.words], environment(call, home))


def run_beside(call: Call, home: Path) -> int:
    """Brownie as a child, which ends with us. Ctrl-C reaches it through the terminal; wait for it to end by itself."""
    child = subprocess.Popen([*REAL, *call.words], env={**environment(call, home), PARENT: str(os.getpid())})
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue


def run_tests(call: Call) -> int:
    """On a fresh chain and in a home of its own, so that test runs side by side do not meet."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="brownie-test-", dir=cache_dir()) as home, test_chain() as port:
        write_network_config(Path(home), test_port=port)
        os.environ.update(local_endpoints(local_rpc_urls(start=False)))
        return run_beside(call, Path(home))


def forget_local_deployments() -> None:
    """Brownie's own map of deployments knows a chain by its id alone, and a local chain that was started anew has the
    same id: Brownie would stop at the first address that is gone. Our record is deployments/<chain id>.json."""
    folder = ROOT / "build" / "deployments"
    path = folder / "map.json"
    if not path.exists():
        return
    known = json.loads(path.read_text())
    for chain_id in LOCAL_CHAIN_IDS:
        known.pop(chain_id, None)
        shutil.rmtree(folder / chain_id, ignore_errors=True)
    path.write_text(json.dumps(known))


def main(words: list[str]) -> int:
    call = read_call(words)
    check_endpoint(call)
    check_place(call)
    check_script(call)
    link_solc()
    if call.command == "test" and call.network == TEST:
        return run_tests(call)
    home = cache_dir() / "brownie-home"
    home.mkdir(parents=True, exist_ok=True)
    write_network_config(home)
    os.environ.update(local_endpoints(local_rpc_urls(start=call.needs_local_network)))
    check_network(call, home)
    if call.command in KEYS:
        link_accounts(home)
    else:
        forget_dead_link(home)
    forget_local_deployments()
    become_brownie(call, home)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LoranchorError as error:
        print(f"brownie: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
