"""What the verbs of `loranchor disclosure` share: options, the registry, the contact, and whose key pays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from orchestrator.chain.sender import TransactionSender
    from orchestrator.disclosure import Contact, Desk
    from orchestrator.settings import Settings

app = typer.Typer(help="Reports of a model's weaknesses: sealed, under an embargo, then public.", no_args_is_help=True)
output = Console(markup=False, highlight=False, soft_wrap=True)  # strangers write reports; lines stay whole

Id = Annotated[int, typer.Argument(metavar="ID", help="The report's number.", min=1)]
To = Annotated[Path, typer.Option("--to", metavar="FILE", help="New file to write.", show_default=False)]
ContactOption = Annotated[
    str | None,
    typer.Option(
        "--contact", metavar="FILE|CID", help="The maintainers' contact; else disclosure.contact.", show_default=False
    ),
]


def composed(overrides: list[str] | None, home: Path | None = None) -> Settings:
    from orchestrator.settings import compose

    return compose(overrides or (), organisation_home=home)


def contact_of(settings: Settings, given: str | None) -> Contact | None:
    """The contact that was named, out of a file or of IPFS; None where none was.

    Raises:
        ConfigurationError: neither a file nor a CID. FormatError: it is no contact. StorageError: IPFS lacks it.
    """
    from orchestrator.disclosure import Contact
    from orchestrator.disclosure.recipients import CONTACT_LIMIT
    from orchestrator.disputes.files import read_bytes
    from orchestrator.errors import ConfigurationError, StorageError
    from orchestrator.storage import IpfsStore, check_cid

    name = given or settings.group("disclosure")["contact"]
    if name is None:
        return None
    if Path(name).is_file():
        return Contact.from_bytes(read_bytes(Path(name), limit=CONTACT_LIMIT))
    try:
        cid = check_cid(str(name).removeprefix("ipfs://"))
    except StorageError as error:
        raise ConfigurationError(
            f"the contact {name!r} is neither a file nor a CID", mend="see security.txt"
        ) from error
    timeout = float(settings.group("storage")["timeout"])
    return Contact.from_bytes(IpfsStore(settings.ipfs_api()).fetch(cid, limit=CONTACT_LIMIT, timeout=timeout))


def desk_for(settings: Settings, contact: Contact | None) -> Desk:
    """The registry of the deployment file, else the one that the contact names; both must be the same.

    Raises:
        ConfigurationError: there is neither. WrongChain: they differ, or the code is not ours.
    """
    from orchestrator.chain.deployment import load_deployment
    from orchestrator.deployment import record_path
    from orchestrator.disclosure.desk import desk_at, desk_of
    from orchestrator.errors import ConfigurationError, WrongChain

    chain, chain_id = settings.connection("public"), settings.chain_id("public")
    if record_path(settings.deployments, chain_id).exists():
        desk = desk_of(chain, load_deployment(settings.deployments, chain_id, "public"))
        if contact is not None and contact.where.registry != desk.registry.address:
            raise WrongChain(
                f"the contact names registry {contact.where.registry}, the deployment file {desk.registry.address}",
                mend="ask the members by a separate way which of them is theirs",
            )
        return desk
    if contact is None:
        raise ConfigurationError(
            "no registry is known", mend="name the maintainers' contact with --contact, or chain.deployments"
        )
    return desk_at(chain, contact.where)


@contextmanager
def sending(
    desk: Desk, settings: Settings, home: Path | None, key_file: Path | None, password_file: Path | None
) -> Iterator[TransactionSender]:
    """Whose account signs and pays: that of a key file, else the delegate of a home."""
    from orchestrator.chain.sender import TransactionSender
    from orchestrator.commands.consortium_parts import Sender, password_of, payer

    password = password_of(password_file, key_file, home)
    with payer(settings, home, key_file, password, Sender.DELEGATE) as account:
        yield TransactionSender(desk.chain, account.signer, timeout=account.timeout, lock=account.locks("public"))
