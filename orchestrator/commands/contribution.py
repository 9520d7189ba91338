"""`loranchor contribution inspect|missing`: what a contribution holds, and which ones this member cannot open yet."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit
from orchestrator.errors import ConfigurationError
from orchestrator.types import UpdateId

app = typer.Typer(help="Contributions.", no_args_is_help=True)


@app.command()
def inspect(
    home: Home,
    update: Annotated[str, typer.Option("--update", help="The update's id.")],
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Fetch a contribution, open it with the keystore, check it against the records, and describe it."""
    from orchestrator.contribution import norm, parse
    from orchestrator.daemon.access import connect
    from orchestrator.daemon.opening import open_contribution
    from orchestrator.daemon.view import look
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    access = connect(settings, home, read_password(password_file))
    with access.keystore:
        found = look(access.private).state.updates.get(UpdateId(update))
        if found is None:
            raise ConfigurationError(f"the private chain has no update {update}", mend="see `loranchor round status`")
        data = open_contribution(access, found)
    delta = parse(data)
    described = {
        "update_id": found.id,
        "organisation": found.organisation,
        "round": found.round,
        "base": delta.base,
        "parent_manifest": delta.parent_manifest,
        "modules": len(delta.modules),
        "ranks": sorted({low.rank for low in delta.modules.values()}),
        "dense": sorted(delta.dense),
        "parameters": delta.parameters,
        "norm": norm(delta),
        "bytes": len(data),
    }
    if as_json:
        emit(described)
        return
    for key, value in described.items():
        typer.echo(f"{key:16}{value}")


@app.command()
def missing(
    home: Home, password_file: PasswordFile = None, as_json: AsJson = False, overrides: Overrides = None
) -> None:
    """Name the contributions that this member cannot open yet, and how far its request for their keys has come."""
    from orchestrator.daemon.access import connect
    from orchestrator.daemon.catching_up import standing_of, unopened_updates
    from orchestrator.daemon.view import look
    from orchestrator.keystore import read_password
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    access = connect(settings, home, read_password(password_file))
    with access.keystore:
        state = look(access.private).state
        unopened = unopened_updates(state, access)
    asked = standing_of(state, access.me)
    rows = [
        {"update_id": item, "organisation": state.updates[item].organisation, "round": state.updates[item].round}
        for item in unopened
    ]
    request = (
        None
        if asked is None
        else {"number": asked.number, "block": asked.asked.block, "due": asked.due, "answers": [*asked.answers]}
    )
    if as_json:
        emit({"missing": rows, "request": request})
        return
    for row in rows:
        typer.echo(f"round {row['round']}: {row['update_id']} of {row['organisation']}")
    typer.echo(_told(len(rows), request))


def _told(count: int, request: dict[str, Any] | None) -> str:
    if not count:
        return "every contribution that counts can be opened"
    told = f"{count} contributions cannot be opened yet"
    if request is None:
        return f"{told}: the daemon asks the other members for their keys"
    due = f"answered from block {request['due']} on"
    answers = f"answered by {', '.join(request['answers'])}" if request["answers"] else due
    return f"{told}: request {request['number']} of block {request['block']} is {answers}"
