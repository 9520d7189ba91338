"""`loranchor node`: what a running daemon does, and its operator's word on it, over the daemon's API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands.common import AsJson, console, emit

if TYPE_CHECKING:
    from orchestrator.daemon.api.client import ApiClient

app = typer.Typer(help="A running daemon: status, approvals, pause, alarms.", no_args_is_help=True)
output = console(highlight=False, markup=False)

Home = Annotated[
    Path | None, typer.Option("--home", envvar="LORANCHOR_HOME", help="The organisation's folder.", show_default=False)
]
Url = Annotated[str | None, typer.Option("--url", help="Where the daemon listens; else its home says so.")]
TokenFile = Annotated[Path | None, typer.Option("--token-file", help="File with a token, mode 0600; else its home's.")]
Effects = Annotated[list[str], typer.Argument(metavar="EFFECT...", help="Ids as `node pending` shows them.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help="Most rows.")]


@app.command()
def status(home: Home = None, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Show how the daemon is. Ends with 0 if it is ready, with 4 if it is not."""
    from orchestrator.commands.node_text import status_lines
    from orchestrator.errors import ChainError

    found = _client(home, url, token_file).get("/v1/status")
    if as_json:
        emit(found)
    else:
        _print(status_lines(found))
    if not found["ready"]:
        raise typer.Exit(ChainError.exit_code)


@app.command()
def pending(home: Home = None, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List what waits for the operator, and why."""
    found = _client(home, url, token_file).get("/v1/pending")
    if as_json:
        emit(found)
        return
    for row in found:
        output.print(f"{row['effect']}  {row['why']}, {row['reach']}: {row['says']}", soft_wrap=True)
    if not found:
        typer.echo("Nothing waits.")


@app.command()
def approve(
    effects: Effects, home: Home = None, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """Let effects begin that wait; the word holds for every attempt."""
    _say("approve", "approved", effects, _client(home, url, token_file), as_json)


@app.command()
def deny(
    effects: Effects, home: Home = None, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """Keep effects from beginning, until they are approved."""
    _say("deny", "denied", effects, _client(home, url, token_file), as_json)


@app.command()
def pause(home: Home = None, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Begin nothing new; what is under way ends, and the chains are followed on."""
    _client(home, url, token_file).post("/v1/pause")
    _done("paused", as_json)


@app.command()
def resume(home: Home = None, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Go on after a pause."""
    _client(home, url, token_file).post("/v1/resume")
    _done("resumed", as_json)


@app.command()
def alarms(
    home: Home = None,
    clear: Annotated[str | None, typer.Option("--clear", metavar="ALARM", help="Take this alarm back.")] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """List alarms, or take one back once its cause is understood."""
    from orchestrator.commands.node_text import alarm_line

    client = _client(home, url, token_file)
    if clear is not None:
        client.post("/v1/alarms/clear", {"alarm": clear})
        _done(f"cleared {clear}", as_json)
        return
    found = client.get("/v1/alarms")
    if as_json:
        emit(found)
    else:
        _print([alarm_line(alarm) for alarm in found] or ["No alarm."])


@app.command()
def effects(
    home: Home = None, limit: Limit = 20, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """List what was begun of late, and the last error of each."""
    from orchestrator.commands.node_text import effect_line

    found = _client(home, url, token_file).get("/v1/effects", limit=limit)
    if as_json:
        emit(found)
    else:
        _print([effect_line(row) for row in found] or ["Nothing yet."])


@app.command()
def rounds(
    home: Home = None, limit: Limit = 20, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """List rounds as the daemon knows them, the newest first."""
    from orchestrator.commands.node_text import ROUND, table

    _rows("/v1/rounds", limit, _client(home, url, token_file), as_json, lambda found: table(found, ROUND))


@app.command()
def contributions(
    home: Home = None, limit: Limit = 20, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """List updates and what became of them, the newest round first."""
    from orchestrator.commands.node_text import CONTRIBUTION, table

    _rows("/v1/contributions", limit, _client(home, url, token_file), as_json, lambda found: table(found, CONTRIBUTION))


@app.command()
def revocations(
    home: Home = None, limit: Limit = 20, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """List revocations, their step and what they wait for, the newest first."""
    from orchestrator.commands.node_text import REVOCATION, table

    _rows("/v1/revocations", limit, _client(home, url, token_file), as_json, lambda found: table(found, REVOCATION))


def _client(home: Path | None, url: str | None, token_file: Path | None) -> ApiClient:
    from orchestrator.daemon.api.client import ApiClient

    return ApiClient(home, url, token_file)


def _say(verb: str, done: str, effects: list[str], client: ApiClient, as_json: bool) -> None:
    for effect in effects:
        client.post(f"/v1/pending/{verb}", {"effect": effect})
        if not as_json:
            output.print(f"{done} {effect}", soft_wrap=True)
    if as_json:
        emit({done: effects})


def _done(what: str, as_json: bool) -> None:
    if as_json:
        emit({"done": what})
    else:
        typer.echo(what)


def _rows(path: str, limit: int, client: ApiClient, as_json: bool, shown: Any) -> None:
    found = client.get(path, limit=limit)
    if as_json:
        emit(found)
    elif found:
        console(highlight=False, markup=False).print(shown(found))
    else:
        typer.echo("None yet.")


def _print(lines: list[str]) -> None:
    for line in lines:
        output.print(line, soft_wrap=True)
