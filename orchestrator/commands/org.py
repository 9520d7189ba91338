"""`loranchor org init|show`: an organisation's home, with its keys and its own settings."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit
from orchestrator.errors import ConfigurationError

if TYPE_CHECKING:
    from orchestrator.organisation import Organisation

app = typer.Typer(help="An organisation's home: keys and settings.", no_args_is_help=True)


@app.command()
def init(
    name: Annotated[str, typer.Option("--name", help="The organisation's name on both chains.")],
    home: Home,
    password_file: PasswordFile = None,
    public_url: Annotated[str | None, typer.Option(help="Node of the public chain, kept as chain.public.url.")] = None,
    private_url: Annotated[str | None, typer.Option(help="Node of the private chain.")] = None,
    ipfs_api: Annotated[str | None, typer.Option(help="HTTP API of its IPFS node, kept as storage.api_url.")] = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Make a home with new keys. Writes nothing into a folder that holds anything."""
    from orchestrator.keystore import read_password
    from orchestrator.organisation import check_name

    organisation_name = check_name(name)
    given = {"chain.public.url": public_url, "chain.private.url": private_url, "storage.api_url": ipfs_api}
    settings: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    settings.update(_kept(overrides or []))
    _check_addresses(settings)
    _refuse_occupied(home)
    password = read_password(password_file, prompt=f"New password for {name}'s keystore: ", confirm=True)
    made = _make(organisation_name, home, password, settings)
    if as_json:
        emit(_public(made))
        return
    typer.echo(f"Made {made.name} in {made.home}.")
    typer.echo(f"authority {made.authority}\ndelegate  {made.delegate}")
    typer.echo("Keep the password, and a copy of keystore/authority.json, somewhere else: nobody can restore them.")


@app.command()
def show(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show an organisation's public settings, as they apply with these overrides."""
    from orchestrator.settings import compose

    settings = compose(overrides or (), organisation_home=home)
    organisation = settings.organisation
    assert organisation is not None  # composed from its home
    if as_json:
        emit({**_public(organisation), "effective": settings.values})
        return
    for label, value in (
        ("name", organisation.name),
        ("home", organisation.home),
        ("authority", organisation.authority),
        ("delegate", organisation.delegate),
    ):
        typer.echo(f"{label:10}{value}")
    for key, value in organisation.settings.items():
        typer.echo(f"{key} = {value}")


def _kept(overrides: list[str]) -> dict[str, Any]:
    """Overrides given to ``init`` are checked now and kept for every later verb."""
    from orchestrator.overrides import assignments
    from orchestrator.settings import compose

    compose(overrides)
    return assignments(overrides)


def _check_addresses(settings: dict[str, Any]) -> None:
    """What no verb could use later is refused now; nobody is asked whether a node is there."""
    from orchestrator.chain.connection import Connection
    from orchestrator.storage import IpfsStore

    for key in ("chain.public.url", "chain.private.url"):
        if settings.get(key) is not None:
            Connection(str(settings[key]), 0)
    if settings.get("storage.api_url") is not None:
        IpfsStore(str(settings["storage.api_url"]))


def _refuse_occupied(home: Path) -> None:
    if home.is_dir() and not any(home.iterdir()):
        return
    if home.exists() or home.is_symlink():
        raise ConfigurationError(f"{home} already exists and is not empty", mend="give a new folder as --home")


def _make(name: Any, home: Path, password: str, settings: dict[str, Any]) -> Organisation:
    """Write everything beside ``home``, then move it there at once."""
    from orchestrator.files import write_json
    from orchestrator.keystore import Keystore
    from orchestrator.organisation import FILE, Organisation

    home = home.absolute()
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".{home.name}."))
    except OSError as error:
        raise ConfigurationError(f"cannot make {home}: {error.strerror}", mend="give another --home") from error
    try:
        with Keystore.create(draft, password) as keystore:
            made = Organisation(name, home, keystore.authority_address, keystore.delegate_address, settings)
        write_json(draft / FILE, made.document)
        draft.rename(home)
    except OSError as error:
        raise ConfigurationError(f"cannot make {home}: {error.strerror}", mend="give another --home") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return made


def _public(organisation: Organisation) -> dict[str, Any]:
    return {**organisation.document, "home": str(organisation.home)}
