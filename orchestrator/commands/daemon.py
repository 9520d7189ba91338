"""`loranchor daemon run`, `backfill` and `rescan`: one organisation's node."""

from __future__ import annotations

import signal
import threading
from contextlib import closing
from types import FrameType
from typing import Annotated

import typer

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit

app = typer.Typer(help="An organisation's daemon.", no_args_is_help=True)


@app.command()
def run(
    home: Home,
    password_file: PasswordFile = None,
    mode: Annotated[
        str | None, typer.Option("--mode", help="auto, oversight or manual; as daemon.mode=.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Begin nothing, and say what would begin.")] = False,
    overrides: Overrides = None,
) -> None:
    """Take part in rounds, checkpoints, awards and revocations until stopped (Ctrl-C or SIGTERM)."""
    from orchestrator.daemon.access import connect, single_instance
    from orchestrator.daemon.control_settings import ControlSettings
    from orchestrator.daemon.logs import configure_logging
    from orchestrator.daemon.process_workbench import ProcessWorkbench
    from orchestrator.daemon.services import Services
    from orchestrator.daemon.serving import controlled
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose

    said = [*([f"daemon.mode={mode}"] if mode else []), *(["daemon.dry_run=true"] if dry_run else [])]
    settings = compose([*(overrides or ()), *said], organisation_home=home)
    control = ControlSettings.of(settings.group("daemon"))
    configure_logging(control.log_format, control.log_level)
    bench = ProcessWorkbench.of(settings, home)
    password = read_password(password_file)
    with single_instance(home), closing(bench):
        access = connect(settings, home, password)
        bench.lock_key, bench.pseudonym_key = access.lock_key, access.pseudonym_key
        bench.check()
        services = Services.of(access, bench)
        stop = threading.Event()

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, ask_to_stop)
        signal.signal(signal.SIGINT, ask_to_stop)
        typer.echo(
            f"{access.me} listens to chains {access.private.deployment.chain_id} (private) and"
            f" {access.public.deployment.chain_id} (public); stop with Ctrl-C"
        )
        with access.keystore, controlled(services, control) as node:
            node.run(stop)


@app.command()
def backfill(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Bring to the own IPFS node what it should hold: tasks, agreements, live contributions. Needs no password."""
    from orchestrator.chain.contracts import private_contracts
    from orchestrator.daemon import backfill as filling
    from orchestrator.daemon.view import look
    from orchestrator.errors import ObjectMissing
    from orchestrator.settings import compose
    from orchestrator.storage import IpfsStore

    settings = compose(overrides or (), organisation_home=home)
    seen = look(private_contracts(settings.connection("private"), settings.deployments))
    store = IpfsStore(settings.ipfs_api())
    found = filling.backfill(seen.state, store)
    told = {name: len(getattr(found, name)) for name in ("here", "fetched", "missing")}
    if as_json:
        emit({"block": seen.block, **told, "missing": dict(found.missing)})
    else:
        typer.echo(f"block {seen.block}: {told['here']} objects were here, {told['fetched']} were fetched")
    if found.missing:
        first = next(iter(found.missing.values()))
        raise ObjectMissing(
            f"nobody has {told['missing']} objects, such as the {first}",
            mend="ask the other members, then run it again",
        )


@app.command()
def rescan(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Have the next start take the private chain's records as its node tells them then. Needs no password."""
    from orchestrator.chain.contracts import private_contracts, public_contracts
    from orchestrator.daemon.access import single_instance
    from orchestrator.daemon.journal import Journal
    from orchestrator.daemon.rescan import forget_records
    from orchestrator.daemon.services import scope_of
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    private = private_contracts(settings.connection("private"), settings.deployments)
    public = public_contracts(settings.connection("public"), settings.deployments)
    with single_instance(home), closing(Journal(home, scope_of(private, public))) as journal:
        block = forget_records(journal)
    if as_json:
        emit({"block": block})
    elif block is None:
        typer.echo("No daemon of this home has read these chains yet.")
    else:
        typer.echo(f"What was made of the records up to block {block} is forgotten; the next start reads them anew.")
