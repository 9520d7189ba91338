"""`loranchor org init|show|backup|restore`: an organisation's home, with its keys and its own settings."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit
from orchestrator.errors import ConfigurationError
from orchestrator.types import Address

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
    delegate: Annotated[
        str | None, typer.Option(help="Address of a delegate key that a signer elsewhere holds; then none is made.")
    ] = None,
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
    remote = None if delegate is None else _address(delegate)
    _refuse_occupied(home)
    password = read_password(password_file, prompt=f"New password for {name}'s keystore: ", confirm=True)
    made = _make(organisation_name, home, password, settings, remote)
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
        emit({**_public(organisation), "effective": _without_secrets(settings.values)})
        return
    for label, value in (
        ("name", organisation.name),
        ("home", organisation.home),
        ("authority", organisation.authority),
        ("delegate", organisation.delegate),
    ):
        typer.echo(f"{label:10}{value}")
    for key, value in _without_secrets(organisation.settings).items():
        typer.echo(f"{key} = {value}")


@app.command()
def backup(
    home: Home,
    to: Annotated[Path, typer.Option("--to", help="The file to write; it must not exist.")],
    authority: Annotated[
        bool, typer.Option("--authority/--without-authority", help="Take the authority's key along, if it is here.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Copy keys and the record of what was signed into one file; a daemon may run meanwhile.

    Prekeys and content keys are never in it, so that what is shredded later is shredded there, too.
    """
    from orchestrator.keystore.backup import write_backup

    made = write_backup(home, to, authority=authority)
    if as_json:
        emit({"file": str(to), "made": made.made, "files": sorted(made.files)})
        return
    typer.echo(f"Wrote {to}: {', '.join(sorted(made.files))}.")
    typer.echo("It opens with the home's password, which is not in it. Make another one after keys have changed.")


@app.command()
def restore(
    home: Home,
    source: Annotated[Path, typer.Option("--from", help="A file that `org backup` wrote.")],
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a home of a backup. Writes nothing into a folder that holds anything."""
    from orchestrator.keystore import read_password
    from orchestrator.keystore.backup import restore_backup

    _refuse_occupied(home)
    password = read_password(password_file, prompt="Password of the backed up keystore: ")
    made = restore_backup(source, home, password)
    if as_json:
        emit({"home": str(home.absolute()), "made": made.made, "files": sorted(made.files)})
        return
    typer.echo(f"Restored {home.absolute()}.")
    typer.echo(
        "Its daemon signs nothing until it has looked up on both chains what was signed since, and asks the others for"
        " the content keys. Never run it beside the one it was copied from."
    )


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


def _address(text: str) -> Address:
    from orchestrator.ledger.words import ADDRESS

    if not ADDRESS.fullmatch(text.lower()):
        raise ConfigurationError(f"{text!r} is no address", mend="give --delegate 0x and 40 hexadecimal digits")
    return Address(text.lower())


def _make(name: Any, home: Path, password: str, settings: dict[str, Any], remote: Address | None) -> Organisation:
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
        create = Keystore.create if remote is None else partial(Keystore.create, remote_delegate=remote)
        with create(draft, password) as keystore:
            made = Organisation(name, home, keystore.authority_address, keystore.delegate_address, settings)
        write_json(draft / FILE, made.document)
        draft.rename(home)
    except OSError as error:
        raise ConfigurationError(f"cannot make {home}: {error.strerror}", mend="give another --home") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return made


def _public(organisation: Organisation) -> dict[str, Any]:
    document = {**organisation.document, "settings": _without_secrets(organisation.settings)}
    return {**document, "home": str(organisation.home)}


def _without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they may be shown: addresses of nodes can hold passwords and services' keys."""
    from orchestrator.urls import shown

    def cleaned(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return _without_secrets(value)
        is_address = isinstance(value, str) and key.endswith("url") and "://" in value
        return shown(value) if is_address else value

    return {key: cleaned(key, value) for key, value in values.items()}
