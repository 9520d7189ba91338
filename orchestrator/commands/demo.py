"""`loranchor demo`: the whole path on this machine."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestrator.commands.common import AsJson, Overrides, emit
from orchestrator.errors import AuditFailure, EnvironmentMissing

app = typer.Typer(help="The whole path, on local chains and IPFS nodes.", invoke_without_command=True)

DEFAULT = "experiment=sotu_smollm2"


@app.callback(invoke_without_command=True)
def demo(
    run_dir: Annotated[Path, typer.Option("--run-dir", help="Folder for everything that the run makes.")] = Path(
        "runs/demo"
    ),
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Rounds, awards, a revocation and an audit; then a report. `loranchor demo experiment=vader_minilm`."""
    try:
        import torch
    except ImportError as error:
        raise EnvironmentMissing(
            "the demo trains a model, and torch is not installed", mend="run `make setup`"
        ) from error
    del torch
    from orchestrator.demo.run import Demo
    from orchestrator.demo.world import World

    given = list(overrides or ())
    if not any(item.startswith("experiment=") for item in given):
        given.insert(0, DEFAULT)
    console = Console(stderr=as_json)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that everything is stopped, as after Ctrl-C
    summary = Demo(World(run_dir.absolute()), given, console).run()
    if as_json:
        emit(summary)
    if not summary["audit"]["ok"]:
        raise AuditFailure(
            "the audit of the demo found something that does not agree", mend=f"see {run_dir}/summary.json"
        )
