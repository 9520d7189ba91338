"""`loranchor privacy keylock show|rotate`: the key behind an organisation's key-lock (docs/methods/keylock.md)."""

from __future__ import annotations

from typing import Any

import typer

from orchestrator.commands.common import AsJson, Home, PasswordFile, emit

keylock = typer.Typer(help="The key of the key-lock, which stays at home.", no_args_is_help=True)

NONE_YET = "no lock key yet: the daemon makes one when it first trains under the policy keylock"


@keylock.command()
def show(home: Home, password_file: PasswordFile = None, as_json: AsJson = False) -> None:
    """Show which lock key is in use: its number and its commitment, never the key."""
    from orchestrator.keystore import Keystore, read_password

    Keystore.addresses(home)
    with Keystore.open(home, read_password(password_file), roles=()) as keystore:
        told = None if keystore.lock_generation is None else _told(keystore.lock_key())
    if as_json:
        emit({"key": told})
    else:
        typer.echo(NONE_YET if told is None else _line(told))


@keylock.command()
def rotate(home: Home, password_file: PasswordFile = None, as_json: AsJson = False) -> None:
    """Make another lock key and destroy the one in use; a running daemon takes it for its next piece of work."""
    from orchestrator.keystore import Keystore, read_password

    Keystore.addresses(home)
    with Keystore.open(home, read_password(password_file), roles=()) as keystore:
        told = _told(keystore.rotate_lock_key())
    if as_json:
        emit({"key": told})
    else:
        typer.echo(f"{_line(told)}\nThe keys before it are destroyed. What was sealed before stays locked by them.")


def _told(key: Any) -> dict[str, Any]:
    return {"generation": key.generation, "commitment": key.commitment}


def _line(told: dict[str, Any]) -> str:
    return f"lock key {told['generation']}, commitment {told['commitment']}"
