"""`loranchor daemon run`: one organisation's node."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

import typer

from orchestrator.commands.common import Home, Overrides, PasswordFile

app = typer.Typer(help="An organisation's daemon.", no_args_is_help=True)


@app.command()
def run(home: Home, password_file: PasswordFile = None, overrides: Overrides = None) -> None:
    """Take part in rounds, checkpoints, awards and revocations until stopped (Ctrl-C or SIGTERM)."""
    from orchestrator.daemon.access import connect, single_instance
    from orchestrator.daemon.equipment import check_equipment, equipment_of
    from orchestrator.daemon.node import Node
    from orchestrator.daemon.services import Services
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose
    from orchestrator.worker.torch_workbench import TorchWorkbench

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = compose(overrides or (), organisation_home=home)
    equipment = equipment_of(settings)
    check_equipment(equipment)
    password = read_password(password_file)
    with single_instance(home):
        access = connect(settings, home, password)
        services = Services.of(access, TorchWorkbench(equipment))
        stop = threading.Event()

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, ask_to_stop)
        signal.signal(signal.SIGINT, ask_to_stop)
        typer.echo(
            f"{access.me} listens to chains {access.private.deployment.chain_id} (private) and"
            f" {access.public.deployment.chain_id} (public); stop with Ctrl-C"
        )
        with access.keystore:
            Node(services).run(stop)
