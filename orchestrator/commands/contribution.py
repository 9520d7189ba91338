"""`loranchor contribution inspect`: what a contribution holds, for those who can open it."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit
from orchestrator.errors import ConfigurationError
from orchestrator.types import UpdateId

app = typer.Typer(help="Contributions.", no_args_is_help=True)


@app.callback()
def _contributions() -> None:
    """Keeps `inspect` a verb of its own."""


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
