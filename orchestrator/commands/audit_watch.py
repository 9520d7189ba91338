"""`loranchor audit watch`: follows a consortium from outside, and raises an alert when something is wrong."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands.common import AsJson, Overrides, console

if TYPE_CHECKING:
    from orchestrator.audit.watch import Event, Limits, Memory, Observation, Outlets, Watch, Watched
    from orchestrator.settings import Settings

output = console()

Once = Annotated[bool, typer.Option("--once", help="Look once: 8 if an alert stands, 4 or 5 if a node is silent.")]
PublicOnly = Annotated[
    bool, typer.Option("--public-only", help="As an outsider: the public chain alone, which anybody can read.")
]
StateFile = Annotated[
    Path | None,
    typer.Option("--state", metavar="FILE", help="Remembers what was told, over restarts.", show_default=False),
]
WebhookFile = Annotated[
    Path | None,
    typer.Option("--webhook-file", metavar="FILE", help="File with the address to post to.", show_default=False),
]
TextFile = Annotated[
    Path | None,
    typer.Option("--prometheus", metavar="FILE", help="Writes metrics for node_exporter.", show_default=False),
]
Listen = Annotated[
    str | None, typer.Option("--listen", metavar="HOST:PORT", help="Serves /metrics there.", show_default=False)
]
Acknowledge = Annotated[
    list[str] | None,
    typer.Option("--acknowledge", metavar="ID", help="An alert that is known: it counts no more.", show_default=False),
]


def watch(
    once: Once = False,
    public_only: PublicOnly = False,
    state: StateFile = None,
    acknowledge: Acknowledge = None,
    webhook_file: WebhookFile = None,
    prometheus: TextFile = None,
    listen: Listen = None,
    run_dir: Annotated[Path | None, typer.Option("--run-dir", help="Folder of a run.", show_default=False)] = None,
    ipfs: Annotated[str | None, typer.Option("--ipfs", metavar="URL", help="An IPFS node.", show_default=False)] = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Watch chains and IPFS until stopped, with a line for each alert. Never opens a keystore or asks a daemon."""
    from orchestrator.audit.watch import Eyes, Limits, Outlets, Watch, Webhook, address_in
    from orchestrator.commands.audit import overrides_of_run
    from orchestrator.errors import ConfigurationError
    from orchestrator.settings import compose

    if acknowledge and state is None:
        raise ConfigurationError("--acknowledge needs the file that remembers", mend="name it with --state FILE")
    settings = compose([*overrides_of_run(run_dir), *(overrides or ())])
    limits = Limits.of(settings.group("watch"))
    limits = limits.at_once() if once else limits
    watched = _watched(settings, ipfs, public_only=public_only)
    with ExitStack() as stack:
        endpoint = stack.enter_context(_endpoint(listen)) if listen is not None else None
        webhook = None
        if webhook_file is not None:
            address = address_in(webhook_file)
            webhook = Webhook(address, every=limits.webhook_every, timeout=limits.webhook_timeout)
        outlets = Outlets(_json_line if as_json else _line, _say, webhook, prometheus, endpoint)
        memory = None if state is None else _memory(state, watched)
        watcher = Watch(Eyes(watched, limits, time.time), limits, outlets, memory)
        watcher.acknowledge(acknowledge or ())
        if once:
            _end(watcher, watcher.look(), as_json=as_json)
        else:
            _run(watcher, watched, limits, outlets)


def _run(watcher: Watch, watched: Watched, limits: Limits, outlets: Outlets) -> None:
    import signal

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    scope = "both chains and IPFS" if watched.private else "the public chain, as anybody can"
    where = f"; metrics at {outlets.endpoint.url}" if outlets.endpoint else ""
    _say(f"watching {scope} every {limits.every} s{where}; stop with Ctrl-C")
    watcher.run(stop)


def _end(watcher: Watch, seen: Observation, *, as_json: bool) -> None:
    """One look's verdict, by exit code: what stands comes before what could not be seen."""
    from orchestrator.audit.watch import Source
    from orchestrator.errors import AuditFailure, ChainError, StorageError

    standing = watcher.state.open
    if not as_json:
        for entry in standing:
            output.print(f"{entry.alert.id} stands: {entry.alert.text}", markup=False, soft_wrap=True)
        output.print(_summary(seen, len(standing)), markup=False, soft_wrap=True)
    if standing:
        raise typer.Exit(AuditFailure.exit_code)
    for source, why in seen.silent.items():
        error = StorageError if source is Source.IPFS else ChainError
        raise error(f"the {source.value} was not seen: {why}", mend="until it answers, this watch says nothing of it")


def _summary(seen: Observation, standing: int) -> str:
    parts = []
    if seen.public is not None:
        parts.append(f"public block {seen.public.chain.last.number}, checkpoint {seen.public.sequence} anchored")
    if seen.private is not None:
        due = max(seen.private.due, default=0)
        parts.append(f"private block {seen.private.chain.last.number}, checkpoint {due} due")
    if seen.objects is not None:
        asked, absent = len(seen.objects.asked), len(seen.objects.absent)
        parts.append(f"{asked} of {seen.objects.wanted} objects asked for, {absent} missing")
    parts.append(f"{standing} alert{'s' * (standing != 1)} stand{'s' * (standing == 1)}" if standing else "no alert")
    return "; ".join(parts)


def _line(event: Event) -> None:
    alert = event.alert
    when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(event.at))
    text = f"{when} {event.state} {alert.kind.severity.value} {alert.kind.name} {alert.id}: {alert.text}"
    mend = f" ({alert.kind.mend})" if event.state == "raised" else ""
    output.print(text + mend, markup=False, highlight=False, soft_wrap=True)


def _json_line(event: Event) -> None:
    typer.echo(json.dumps(event.document(), ensure_ascii=False))
    sys.stdout.flush()


def _say(text: str) -> None:
    """About the watcher itself: on standard error, since standard output is for alerts."""
    typer.echo(text, err=True)


def _endpoint(listen: str) -> Any:
    from orchestrator.audit.watch import Endpoint

    return Endpoint(listen)


def _memory(path: Path, watched: Watched) -> Memory:
    """Bound to what is watched: another chain's memory would tell of changes that nobody made."""
    from orchestrator.audit.watch import Memory

    sides = {"public": watched.public, **({"private": watched.private} if watched.private else {})}
    return Memory(
        path,
        {
            name: {"chain_id": str(deployment.chain_id), "consortium": deployment.address("Consortium")}
            for name, (_, deployment) in sides.items()
        },
    )


def _watched(settings: Settings, ipfs: str | None, *, public_only: bool) -> Watched:
    from orchestrator.audit.watch import Watched
    from orchestrator.chain.deployment import load_deployment
    from orchestrator.commands.audit import ipfs_address
    from orchestrator.storage import IpfsStore

    def side(name: Any) -> Any:
        return settings.connection(name), load_deployment(settings.deployments, settings.chain_id(name), name)

    if public_only:
        return Watched(side("public"))
    return Watched(side("public"), side("private"), IpfsStore(ipfs or ipfs_address(settings)))
