"""The brownie command: which network it means, and that the user's own Brownie is left in peace."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from orchestrator.localnet import automining_anvil
from orchestrator.localnet.processes import identify
from tools.brownie.accounts import forget_dead_link, link_accounts
from tools.brownie.arguments import read_call
from tools.brownie.networks import UNUSED_PORT, local_endpoints, merged, write_network_config
from tools.brownie.preflight import check_script
from tools.setup.paths import ROOT, VENV, VENV_CONTRACTS

SHIM = ROOT / "tools" / "brownie" / "brownie"


@pytest.mark.parametrize(
    ("words", "command", "network", "needs_local"),
    [
        (["run", "deploy"], "run", None, True),
        (["run", "deploy", "--network", "private"], "run", "private", True),
        (["run", "deploy", "--network=public"], "run", "public", True),
        (["run", "deploy", "--network", "sepolia"], "run", "sepolia", False),
        (["run", "deploy", "--help"], "run", None, False),
        (["console"], "console", None, True),
        (["compile", "--all"], "compile", None, False),
        (["test"], "test", "test", False),
        (["test", "--network", "public"], "test", "public", True),
        (["--version"], "", None, False),
        ([], "", None, False),
    ],
)
def test_what_a_command_line_means(words: list[str], command: str, network: str | None, needs_local: bool) -> None:
    call = read_call(words)
    assert (call.command, call.network, call.needs_local_network) == (command, network, needs_local)


@pytest.mark.parametrize("script", ["deploy", "deploy.py", "scripts/deploy.py"])
def test_our_own_options_reach_the_script_and_not_brownie(script: str) -> None:
    call = read_call(["run", script, "main", "--network", "sepolia", "--dry-run"])
    assert call.words == ("run", script, "main", "--network", "sepolia")
    assert call.settings == {"LORANCHOR_DRY_RUN": "1"}
    assert read_call(["run", script, "--raise-fee"]).settings == {"LORANCHOR_RAISE_FEE": "1"}
    assert read_call(["run", script]).settings == {}


def test_an_option_that_a_script_does_not_have_is_left_to_brownie_to_refuse() -> None:
    for words in (["run", "verify", "--dry-run"], ["console", "--dry-run"], ["--dry-run"]):
        call = read_call(words)
        assert call.words == tuple(words) and call.settings == {}


def test_tests_get_the_test_chain_by_name() -> None:
    assert read_call(["test", "tests/contracts"]).words == ("test", "tests/contracts", "--network", "test")


def test_our_networks_take_the_place_of_stock_ones_and_others_stay() -> None:
    stock = {
        "live": [{"name": "Ethereum", "networks": [{"id": "mainnet"}, {"id": "sepolia", "host": "stock"}]}],
        "development": [{"id": "anvil"}, {"id": "test", "host": "old"}],
    }
    once = merged(stock, 4002)
    assert merged(once, 4002) == once
    live = {entry["id"]: entry for group in once["live"] for entry in group["networks"]}
    assert set(live) == {"public", "private", "sepolia", "besu", "mainnet"}
    assert live["public"]["host"] == "$LORANCHOR_PUBLIC_RPC_URL"
    assert (live["public"]["chainid"], live["private"]["chainid"]) == (31337, 1337)
    assert live["sepolia"]["host"] == "$SEPOLIA_RPC_URL"
    assert [entry["id"] for entry in once["development"]] == ["anvil", "test"]


def test_the_configuration_is_the_same_for_every_run_so_that_runs_do_not_meet_in_it(tmp_path: Path) -> None:
    write_network_config(tmp_path)
    path = tmp_path / ".brownie" / "network-config.yaml"
    before = path.stat().st_ino
    write_network_config(tmp_path)
    assert path.stat().st_ino == before
    hosts = {entry["id"]: entry["host"] for entry in yaml.safe_load(path.read_text())["live"][0]["networks"]}
    assert all(host.startswith("$") for host in hosts.values())


def test_the_local_chains_addresses_come_from_the_environment() -> None:
    found = local_endpoints({"public": "http://127.0.0.1:4001"})
    assert found["LORANCHOR_PUBLIC_RPC_URL"] == "http://127.0.0.1:4001"
    assert found["LORANCHOR_PRIVATE_RPC_URL"] == f"http://127.0.0.1:{UNUSED_PORT}"


def test_the_users_own_brownie_is_neither_read_nor_changed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".brownie").mkdir(parents=True)
    (home / ".brownie" / "network-config.yaml").write_text("live: this would not parse: [")
    before = fingerprint(home)
    env = {**os.environ, "HOME": str(home), "LORANCHOR_NETWORK_DIR": str(tmp_path / "network")}
    done = subprocess.run([SHIM, "networks", "list"], env=env, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "public" in done.stdout
    assert "private" in done.stdout
    assert fingerprint(home) == before


def test_a_link_to_accounts_that_are_gone_stops_nothing(tmp_path: Path) -> None:
    link, target = tmp_path / ".brownie" / "accounts", tmp_path / "accounts"
    link.parent.mkdir()
    target.mkdir()
    link.symlink_to(target)
    forget_dead_link(tmp_path)
    assert link.is_symlink(), "accounts that are there stay linked"
    target.rmdir()
    forget_dead_link(tmp_path)
    assert not link.is_symlink()


def test_a_network_without_an_endpoint_is_one_line(tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if key != "SEPOLIA_RPC_URL"}
    words = [SHIM, "run", "deploy", "--network", "sepolia"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "SEPOLIA_RPC_URL" in done.stderr


def shim(*words: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SHIM, *words], env={**os.environ, **env}, capture_output=True, text=True, cwd=cwd)


def one_line(done: subprocess.CompletedProcess[str], code: int, says: str) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("brownie: ")
    assert says in done.stderr
    assert done.stdout == ""


def test_a_network_that_nobody_knows_is_one_line() -> None:
    for words in (("run", "deploy", "--network", "nosuch"), ("console", "--network=nosuch")):
        one_line(shim(*words), 2, "there is no network nosuch; ours are public, private, sepolia, besu")


def test_outside_the_checkout_is_one_line(tmp_path: Path) -> None:
    for words in (("run", "deploy"), ("compile",), ("test",)):
        one_line(shim(*words, cwd=tmp_path), 2, f"{tmp_path} is outside the checkout; cd ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("deplo",), "there is no script deplo; those in scripts/ are deploy, "),
        (("deploy", "extra"), "script deploy has no function extra; it has main, deploy"),
        (("deploy", "extra", "args"), "script deploy has no function extra; it has main, deploy"),
        (("deploy", "main", "args"), "main of script deploy takes no arguments, not args; leave them out"),
        ((), "brownie run needs the name of a script; those in scripts/ are deploy, "),
        (("deploy", "--network", "private", "_state"), "script deploy has no function _state"),
    ],
)
def test_a_script_that_is_not_there_is_one_line(words: tuple[str, ...], says: str) -> None:
    one_line(shim("run", *words), 2, says)


@pytest.mark.parametrize(
    "name", ["deploy", "deploy.py", "scripts/deploy.py", "scripts/deploy", str(ROOT / "scripts" / "deploy.py")]
)
def test_a_script_by_any_of_its_names_is_found(name: str) -> None:
    check_script(read_call(["run", name, "main", "--network", "nosuch", "--dry-run"]))
    check_script(read_call(["run", name, "--help"]))


def test_a_node_that_is_down_is_one_line_without_its_address() -> None:
    done = shim("run", "deploy", "--network", "sepolia", SEPOLIA_RPC_URL="http://127.0.0.1:1/key")
    one_line(done, 4, "the node of network sepolia does not answer; check SEPOLIA_RPC_URL and the node")
    assert "key" not in done.stderr


def test_a_node_of_another_chain_is_one_line() -> None:
    with automining_anvil(chain_id=1) as port:
        done = shim("run", "deploy", "--network", "sepolia", SEPOLIA_RPC_URL=f"http://127.0.0.1:{port}")
        one_line(done, 4, "the node of network sepolia serves chain 1, not 11155111")


def test_accounts_lie_outside_the_cache_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make clean` removes the cache, and Brownie's home with it."""
    monkeypatch.setenv("LORANCHOR_ACCOUNTS", str(tmp_path / "mine"))
    home = tmp_path / "home"
    former = home / ".brownie" / "accounts"
    former.mkdir(parents=True)
    for name in ("old", "twice"):
        (former / f"{name}.json").write_text(f"{name} in the cache")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "twice.json").write_text("another")
    for _ in range(2):
        link_accounts(home)
        assert former.resolve() == tmp_path / "mine"
    kept = {path.read_text() for path in tmp_path.rglob("*.json") if not path.is_symlink()}
    assert kept == {"old in the cache", "twice in the cache", "another"}
    assert (tmp_path / "mine" / "old.json").exists()


def test_an_account_made_with_brownie_lies_in_the_users_home(tmp_path: Path) -> None:
    home, answers = tmp_path / "home", "0x" + "46" * 32 + "\n"
    home.mkdir()
    cache = {"LORANCHOR_CACHE": str(tmp_path / "cache"), "LORANCHOR_ACCOUNTS": "", "HOME": str(home)}
    script = f"printf '{answers}horse\nhorse\n' | setsid {SHIM} accounts new deployer"
    done = subprocess.run(
        ["sh", "-c", script], env={**os.environ, **cache}, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = home / ".loranchor" / "accounts" / "deployer.json"
    assert made.is_file() and made.parent.stat().st_mode & 0o077 == 0
    assert "9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f" in made.read_text()


def test_a_test_run_is_killed_with_its_command(tmp_path: Path) -> None:
    """The child says who it is and waits; its parent is killed with SIGKILL and can tell it nothing."""
    child = tmp_path / "child.py"
    child.write_text(
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from tools.brownie.inside import end_with\n"
        "end_with(int(sys.argv[1]))\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, {str(child)!r}, str(os.getpid())])\n"
        "child.wait()\n"
    )
    command = [sys.executable, "-B", parent]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        process.kill()
        process.wait()
        assert process.stdout.read() == ""  # the pipe ends when nobody holds it: the child is gone too
    stop = time.monotonic() + 20  # its pipe ends a moment before its entry in the table of processes
    while identify(number) is not None:
        assert time.monotonic() < stop, "it goes on without its parent"
        time.sleep(0.05)


def test_both_environments_lead_to_the_same_command() -> None:
    assert (VENV / "bin" / "brownie").resolve() == SHIM
    assert (VENV_CONTRACTS / "bin" / "brownie").resolve() == SHIM


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }
