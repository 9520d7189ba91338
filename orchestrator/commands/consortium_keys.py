"""`loranchor consortium delegate …` and `… authority …`: an organisation's two keys, rotated, replaced, moved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands.common import AsJson, Home, Overrides, PasswordFile, emit
from orchestrator.commands.consortium_parts import (
    KeyFileOption,
    Partial,
    Sender,
    composed,
    outcome_of,
    password_of,
    payer,
    teller,
)

if TYPE_CHECKING:
    from orchestrator.governance.contracts import Sides
    from orchestrator.governance.sending import Outcome
    from orchestrator.keystore import Role
    from orchestrator.organisation import Organisation
    from orchestrator.settings import Settings
    from orchestrator.types import OrganisationId

delegate = typer.Typer(help="The hot key: its authority changes it at once, alone.", no_args_is_help=True)
authority = typer.Typer(help="The cold key: only a quorum replaces it.", no_args_is_help=True)


@delegate.command(name="show")
def show_delegate(home: Home, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Show the delegate in the keystore and on both chains, and what it has for transactions."""
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.status import delegate_lines, delegate_status

    settings, organisation = _composed(overrides, home)
    sides = read_sides(settings)
    status = delegate_status(sides, home, organisation.name)
    if as_json:
        emit(status)
    else:
        typer.echo("\n".join(delegate_lines(status)))
    for error in sides.failed.values():
        raise error


@delegate.command()
def rotate(
    home: Home,
    password_file: PasswordFile = None,
    partial: Partial = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Make a new delegate key, tell both chains, and put it into the keystore. Stop the daemon first."""
    from orchestrator.daemon.access import single_instance
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.delegates import check_authority, name_delegate
    from orchestrator.governance.keys import install, stage

    settings, organisation = _composed(overrides, home)
    sides = read_sides(settings)
    password = password_of(password_file, None, home)
    with single_instance(home), payer(settings, home, None, password, Sender.AUTHORITY) as account:
        check_authority(sides, organisation.name, account.signer.address)
        _pass_over(sides, home, organisation.name, as_json)
        new = stage(home, "delegate", password)
        outcomes = name_delegate(sides, organisation.name, new, account, partial=partial, told=teller(as_json))
        install(home, "delegate", password)
    _tell(outcomes, as_json, delegate=new)
    if not as_json:
        typer.echo(f"The keystore's delegate is {new} now. Fund it, then start the daemon again.")


@delegate.command()
def name(
    home: Home,
    password_file: PasswordFile = None,
    key_file: KeyFileOption = None,
    partial: Partial = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Tell both chains the delegate key that is in the keystore, such as a new member's first one."""
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.delegates import name_delegate

    settings, organisation = _composed(overrides, home)
    sides = read_sides(settings)
    password = password_of(password_file, key_file, home)
    with payer(settings, home, key_file, password, Sender.AUTHORITY) as account:
        chosen, tell = organisation.delegate, teller(as_json)
        outcomes = name_delegate(sides, organisation.name, chosen, account, partial=partial, told=tell)
    _tell(outcomes, as_json, delegate=organisation.delegate)


@delegate.command()
def revoke(
    home: Home,
    password_file: PasswordFile = None,
    key_file: KeyFileOption = None,
    partial: Partial = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Take the delegate away on both chains at once, as when its key was stolen. `rotate` gives a new one later."""
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.delegates import revoke_delegate

    settings, organisation = _composed(overrides, home)
    sides = read_sides(settings)
    password = password_of(password_file, key_file, home)
    with payer(settings, home, key_file, password, Sender.AUTHORITY) as account:
        outcomes = revoke_delegate(sides, organisation.name, account, partial=partial, told=teller(as_json))
    _tell(outcomes, as_json, delegate=None)


@delegate.command()
def prekeys(
    home: Home,
    renew: Annotated[
        bool, typer.Option("--renew", help="Take all unused ones back, and publish new ones of this keystore.")
    ] = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Show which of the organisation's unused prekeys on the private chain this keystore can open."""
    from orchestrator.chain.contracts import private_contracts
    from orchestrator.chain.sender import KeystoreSigner
    from orchestrator.daemon.access import NonceLock
    from orchestrator.daemon.view import look
    from orchestrator.governance import prekeys as found
    from orchestrator.governance.contracts import read_side
    from orchestrator.governance.sending import Payer
    from orchestrator.keystore import Keystore

    settings, organisation = _composed(overrides, home)
    side = read_side(settings, "private")
    private = private_contracts(settings.connection("private"), settings.deployments)
    timeout, password = float(settings.group("chain")["transaction_timeout"]), password_of(password_file, None, home)
    outcomes: list[Outcome] = []
    roles: tuple[Role, ...] = ("delegate",) if renew else ()
    with Keystore.open(home, password, roles=roles) as keystore:
        if renew:
            signer = KeystoreSigner(keystore, "delegate")
            account = Payer(signer, timeout, lambda name: NonceLock(home, f"{name}-delegate"))
            outcomes = found.renew(side, private, organisation.name, keystore, account, teller(as_json))
        newest = outcomes[-1].receipt if outcomes else None
        state = look(private, block=newest.block if newest else None).state
        status = found.prekey_status(state, organisation.name, keystore.prekeys())
    if as_json:
        emit({**status, "sent": [outcome_of(item) for item in outcomes]})
    else:
        typer.echo("\n".join(found.prekey_lines(status)))


@authority.command()
def new(
    home: Home,
    another: Annotated[
        bool, typer.Option("--another", help="Set aside the key that waits, as when others may have it, for another.")
    ] = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Make the next authority key beside the present one. The other members propose its address, and a quorum signs."""
    from orchestrator.governance.keys import stage
    from orchestrator.keystore import read_password
    from orchestrator.organisation import load_organisation

    organisation, password = load_organisation(home), read_password(password_file)
    address = stage(home, "authority", password, another=another)
    if as_json:
        emit({"organisation": organisation.name, "authority": organisation.authority, "next": address})
        return
    typer.echo(f"The next authority of {organisation.name} is {address}. Another member proposes it:")
    typer.echo(f"  loranchor consortium propose --authority {organisation.name}={address}")
    typer.echo("When both chains have the change: loranchor consortium authority install")


@authority.command(name="install")
def install_authority(
    home: Home, password_file: PasswordFile = None, as_json: AsJson = False, overrides: Overrides = None
) -> None:
    """Put the next authority key in place of the present one, once both chains name it."""
    from orchestrator.governance.contracts import read_sides
    from orchestrator.governance.keys import install
    from orchestrator.governance.status import check_next_authority
    from orchestrator.keystore import read_password

    settings, organisation = _composed(overrides, home)
    check_next_authority(read_sides(settings), home, organisation.name)
    address = install(home, "authority", read_password(password_file))
    if as_json:
        emit({"organisation": organisation.name, "authority": address})
    else:
        typer.echo(f"The keystore's authority is {address} now. Keep a copy of keystore/authority.json elsewhere.")
        typer.echo("No round opens before it has accepted the agreement: fund it, then `loranchor round agree`.")


@authority.command(name="export")
def export(
    home: Home,
    to: Annotated[Path, typer.Option("--to", help="File to write, such as on a stick.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take it out of the keystore.")] = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Copy the authority's key, encrypted as it is, to a colder place."""
    from orchestrator.governance.keys import export_authority
    from orchestrator.keystore import read_password

    address = export_authority(home, read_password(password_file), to, remove=remove)
    if as_json:
        emit({"authority": address, "file": str(to), "removed": remove})
    else:
        left = "The keystore has it no more." if remove else "The keystore has it still; --remove takes it out."
        typer.echo(f"{to} holds the key of {address}, under the keystore's password. {left}")


@authority.command(name="import")
def import_(
    home: Home,
    source: Annotated[Path, typer.Option("--from", help="The key file.")],
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Put the authority's key back into the keystore, for what it has to sign."""
    from orchestrator.governance.keys import import_authority
    from orchestrator.keystore import read_password

    address = import_authority(home, read_password(password_file), source)
    if as_json:
        emit({"authority": address})
    else:
        typer.echo(f"The keystore can sign as authority {address} again.")


def _pass_over(sides: Sides, home: Path, me: OrganisationId, as_json: bool) -> None:
    """A key that waits and that a chain can never take would be tried for ever: it is kept, and another one made."""
    from orchestrator.governance.delegates import unusable
    from orchestrator.governance.keys import set_aside, staged_address

    waiting = staged_address(home, "delegate")
    if waiting is not None and (words := unusable(sides, me, waiting)):
        kept = set_aside(home, "delegate")
        if not as_json:
            typer.echo(f"{words}: set aside as {kept}")


def _composed(overrides: list[str] | None, home: Path) -> tuple[Settings, Organisation]:
    settings = composed(overrides, home)
    assert settings.organisation is not None  # composed from its home
    return settings, settings.organisation


def _tell(outcomes: list[Outcome], as_json: bool, **more: Any) -> None:
    if as_json:
        emit({**more, **{item.side: outcome_of(item) for item in outcomes}})
