"""What would make Brownie print a traceback, told in one line before it starts."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import yaml

from orchestrator.errors import ChainError, ConfigurationError, WrongChain
from tools.brownie.arguments import TEST, Call
from tools.brownie.networks import ENDPOINTS, OURS, config_path
from tools.setup.paths import ROOT

SECONDS = 20.0
SCRIPTS = ROOT / "scripts"


def check_place(call: Call) -> None:
    """Raises:
    ConfigurationError: the working directory is outside the checkout, where Brownie would not find the contracts.
    """
    here = Path.cwd()
    if call.needs_project and not here.is_relative_to(ROOT):
        raise ConfigurationError(f"{here} is outside the checkout", mend=f"cd {ROOT}")


def check_script(call: Call) -> None:
    """Raises:
    ConfigurationError: there is no such script, or it has no such function.
    """
    if call.command != "run" or call.asks_for_help:
        return
    if not call.script:
        raise ConfigurationError("brownie run needs the name of a script", mend=_scripts())
    name, function, *values = (*call.script, "main")[: max(2, len(call.script))]
    path = _script_path(name)
    if path is None:
        raise ConfigurationError(f"there is no script {name}", mend=_scripts())
    found = _functions(path)
    if function not in found:
        raise ConfigurationError(f"script {path.stem} has no function {function}", mend=f"it has {', '.join(found)}")
    if len(values) > found[function]:
        raise ConfigurationError(
            f"{function} of script {path.stem} takes {found[function] or 'no'} arguments, not {' '.join(values)}",
            mend="leave them out",
        )


def _scripts() -> str:
    known = sorted(path.stem for path in SCRIPTS.glob("*.py") if "main" in _functions(path))
    return f"those in {SCRIPTS.name}/ are {', '.join(known)}"


def _script_path(name: str) -> Path | None:
    """Where Brownie looks: in scripts/, then from here; with or without the ending."""
    for folder in (SCRIPTS, ROOT, Path.cwd()):
        path = (folder / name).with_suffix(".py")
        if path.is_file():
            return path
    return None


def _functions(path: Path) -> dict[str, int]:
    """Public functions of a script and how many arguments they take; where it does not parse Brownie says so."""
    try:
        body = ast.parse(path.read_text("utf-8")).body
    except (SyntaxError, ValueError):
        return {"main": 0}
    made = (node for node in body if isinstance(node, ast.FunctionDef))
    return {node.name: len(node.args.args) for node in made if not node.name.startswith("_")}


def check_endpoint(call: Call) -> None:
    """Raises:
    ConfigurationError: the network's address is to come from a variable that is not set.
    """
    variable = ENDPOINTS.get(call.network or "")
    if variable and not os.environ.get(variable):
        raise ConfigurationError(
            f"network {call.network} has no endpoint", mend=f"export {variable}=<its JSON-RPC address>"
        )


def check_network(call: Call, home: Path) -> None:
    """Raises:
    ConfigurationError: nobody has told Brownie of the network.
    ChainError: its node does not answer; WrongChain: the node is of another chain than the network's.
    """
    if not call.connects or call.network in (None, TEST):
        return
    assert call.network is not None
    known = networks(home)
    entry = known.get(call.network)
    if entry is None:
        ours = ", ".join(name for name in OURS if name != TEST)
        raise ConfigurationError(
            f"there is no network {call.network}", mend=f"ours are {ours}; `brownie networks list` shows all"
        )
    host = os.path.expandvars(str(entry["host"]))
    if "cmd" in entry or not host.startswith(("http://", "https://")):
        return  # Brownie starts this one, or speaks to it by other means
    found = chain_id_at(host)
    if found is None:
        raise ChainError(f"the node of network {call.network} does not answer", mend=_mend(call.network))
    # a permissioned network has whatever id its members gave it; the script compares that with the consortium file
    if call.network != "besu" and found != int(entry["chainid"]):
        raise WrongChain(
            f"the node of network {call.network} serves chain {found}, not {entry['chainid']}",
            mend=_mend(call.network),
        )


def networks(home: Path) -> Mapping[str, Mapping[str, Any]]:
    """All networks that Brownie knows, by name."""
    config = yaml.safe_load(config_path(home).read_text())
    live = [entry for group in config["live"] for entry in group["networks"]]
    return {entry["id"]: entry for entry in (*live, *config["development"])}


def chain_id_at(host: str) -> int | None:
    """The chain id that a node tells; None if it does not answer as a node does. The address may hold a secret."""
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    try:
        answer = requests.post(host, json=question, timeout=SECONDS)
        return int(answer.json()["result"], 16)
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return None


def _mend(network: str) -> str:
    variable = ENDPOINTS.get(network)
    return f"check {variable} and the node" if variable else "check its address: `brownie networks list true`"
