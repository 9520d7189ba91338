"""`loranchor network up|down|status`: two chains and an IPFS node for each organisation on this machine."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.table import Table

from orchestrator.commands.common import console
from orchestrator.errors import ChainError, ConfigurationError
from orchestrator.localnet import DEFAULT_ORGANISATIONS, Network, Status
from orchestrator.localnet import down as take_down
from orchestrator.localnet import status as look
from orchestrator.localnet import up as bring_up
from orchestrator.localnet.state import to_json

app = typer.Typer(help="Local chains and IPFS nodes for development.", no_args_is_help=True)
output = console()

RunDir = Annotated[
    Path, typer.Option("--run-dir", envvar="LORANCHOR_NETWORK_DIR", help="Folder for state, logs and data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DEFAULT_RUN_DIR = Path("runs/network")
MORE_NAMES = ("drava", "ember", "fjord", "garnet", "harbour")


def organisation_names(text: str) -> list[str]:
    """Names from `--organisations`: a number of them, or the names themselves with commas between.

    Raises:
        ConfigurationError: the number is none that we have names for.
    """
    names = (*DEFAULT_ORGANISATIONS, *MORE_NAMES)
    if not text.isdigit():
        return [name.strip() for name in text.split(",") if name.strip()]
    if not 1 <= int(text) <= len(names):
        raise ConfigurationError(
            f"--organisations {text}", mend=f"give 1 to {len(names)}, or names with commas between"
        )
    return list(names[: int(text)])


@app.command()
def up(
    run_dir: RunDir = DEFAULT_RUN_DIR,
    organisations: Annotated[str, typer.Option(help="Names with commas between, or how many.")] = ",".join(
        DEFAULT_ORGANISATIONS
    ),
    public_port: Annotated[int | None, typer.Option(help="Port of the public chain (default: any free one).")] = None,
    private_port: Annotated[int | None, typer.Option(help="Port of the private chain (default: any free one).")] = None,
    as_json: AsJson = False,
) -> None:
    """Start what is not running; it goes on until `down`."""
    signal.signal(signal.SIGTERM, _interrupt)
    network = bring_up(run_dir, organisation_names(organisations), public_port=public_port, private_port=private_port)
    if as_json:
        print(json.dumps({**to_json(network), "started": list(network.started)}, indent=2))
        return
    _show(look(run_dir))
    output.print(_summary(network, run_dir), soft_wrap=True)


@app.command()
def down(
    run_dir: RunDir = DEFAULT_RUN_DIR,
    purge: Annotated[bool, typer.Option("--purge", help="Remove the run folder with all its data, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop all nodes. Chains and IPFS nodes keep their data for the next `up`, unless purged."""
    existed = run_dir.exists()
    ran = take_down(run_dir, purge=purge)
    if as_json:
        print(json.dumps({"stopped": ran, "purged": purge and existed}))
        return
    stopped = "The local network is down." if ran else "No local network was running."
    output.print(f"{stopped} {run_dir} is removed." if purge and existed else stopped, soft_wrap=True)


@app.command()
def status(run_dir: RunDir = DEFAULT_RUN_DIR, as_json: AsJson = False) -> None:
    """Show every node; ends with 0 if all run, else with 4."""
    found = look(run_dir)
    if as_json:
        print(json.dumps({"running": _all_run(found), "nodes": [asdict(node) for node in found]}, indent=2))
    elif found:
        _show(found)
    else:
        output.print(f"No local network in {run_dir}; `loranchor network up` starts one.", soft_wrap=True)
    if not _all_run(found):
        raise typer.Exit(ChainError.exit_code)


def _all_run(found: list[Status]) -> bool:
    return bool(found) and all(node.running and node.detail is not None for node in found)


def _summary(network: Network, run_dir: Path) -> str:
    if not network.started:
        return f"All of it ran already ({os.path.relpath(run_dir)})."
    js = any(node.kind == "js-ipfs" for node in network.storage.values())
    note = " The IPFS nodes are js-ipfs, for development only; Kubo on PATH takes their place." if js else ""
    where = "" if run_dir == DEFAULT_RUN_DIR else f" --run-dir {os.path.relpath(run_dir)}"
    return f"Started {len(network.started)} nodes; stop them with `loranchor network down{where}`.{note}"


def _show(found: list[Status]) -> None:
    table = Table("node", "kind", "address", "state", box=None, pad_edge=False)
    for node in found:
        table.add_row(node.name, node.kind, node.address, _state(node))
    output.print(table)


def _state(node: Status) -> str:
    if not node.running:
        return "stopped"
    if node.detail is None:
        return "does not answer"
    return f"{node.detail} peers" if node.name.startswith("ipfs-") else f"block {node.detail}"


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End by SIGTERM as by Ctrl-C: stop what was started."""
    raise KeyboardInterrupt
